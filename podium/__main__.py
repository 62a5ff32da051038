"""The one command: `podium tune` is `python -m pipelines tune`, and so on.

What a step needs is imported when that step is carried out, so that the help comes at once.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from podium.steps import STEPS, help_text

# A module of each package, by which it is told from another of the same name.
_PACKAGES = {
    "competition": "workspace.py",
    "pipelines": "columns.py",
    "submissions": "submit.py",
    "app": "rehearsal.py",
}


def main() -> None:
    """Carry out the step that the command line names, and exit with its status."""
    word, *rest = sys.argv[1:] or [""]
    if word in ("", "--help", "-h", "help"):
        sys.stdout.write(help_text())
        sys.exit(0 if word else 2)
    if word == "--version":
        from importlib.metadata import version

        sys.stdout.write(f"podium {version('podium')}\n")
        return
    step = STEPS.get(word)
    if step is None:
        sys.stderr.write(_unknown(word))
        sys.exit(2)
    if (foreign := _foreign_package()) is not None:
        sys.stderr.write(foreign)
        sys.exit(1)

    from competition.terminal.console import run
    from competition.verbs import called_as_podium

    called_as_podium()
    app = import_module(f"{step.package}.__main__").app
    words = [word, *(_named(rest) if step.of_competition else rest)]
    run(lambda: app(args=words, prog_name="podium"))


def _named(words: list[str]) -> list[str]:
    """Return what follows a step, with the option before a competition that comes first."""
    if not words or words[0].startswith("-"):
        return words
    is_data = Path(words[0]).suffix.lower() in (".zip", ".csv")
    return ["--data" if is_data else "--competition", *words]


def _unknown(word: str) -> str:
    import difflib

    close = difflib.get_close_matches(word, STEPS, n=1)
    hint = f"Did you mean `podium {close[0]}`?" if close else "`podium --help` lists them."
    return f"There is no step {word!a}. {hint}\n"


def _foreign_package() -> str | None:
    """Return a sentence on a package of somebody else's that would be imported for one of ours."""
    ours = Path(__file__).resolve().parents[1]
    for name, module in _PACKAGES.items():
        found = find_spec(name)
        places = list(found.submodule_search_locations or ()) if found else []
        if Path(*places[:1]).resolve() == ours / name and (ours / name / module).is_file():
            continue
        if not places or not (ours / name / module).is_file():
            return f"Podium's package {name} is missing or replaced: install Podium again.\n"
        return (
            f"Another package called {name} hides Podium's: {places[0]}. Start podium in another "
            "folder, or take that one off PYTHONPATH.\n"
        )
    return None


if __name__ == "__main__":
    main()
