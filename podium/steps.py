"""What `podium` can do: the words of the four packages' command lines, as one."""

from dataclasses import dataclass

HEADINGS = (
    "The whole way",
    "Before you train",
    "Train",
    "Submit",
    "Look",
    "Other machines, and this one",
)


@dataclass(frozen=True)
class Step:
    """A word that follows `podium`.

    Attributes:
        package: Whose command line carries it out.
        help: What it does.
        heading: Where the help lists it, an index of `HEADINGS`.
        of_competition: Whether the first word after it may be the competition.
    """

    package: str
    help: str
    heading: int
    of_competition: bool = True


STEPS = {
    "rehearse": Step("app", "the whole way on this machine, without an account", 0),
    "new": Step("competition", "draft the TOML file of a competition of tables", 1),
    "download": Step("competition", "bring the competition's files from Kaggle", 1),
    "describe": Step("competition", "what is asked, and what came of each column", 1),
    "explore": Step("app", "a page of the data alone", 1),
    "tune": Step("pipelines", "tune the pipelines for a time and blend them", 2),
    "kernel": Step("submissions", "tune on Kaggle's machines, and merge the columns", 2),
    "blend": Step("pipelines", "blend what was tuned, to look at it before it is sent", 2),
    "results": Step("pipelines", "what was tuned so far, best first", 2),
    "add": Step(
        "pipelines", "check a teammate's predictions and put them into the blend", 2, False
    ),
    "drop": Step("pipelines", "delete an added column", 2, False),
    "export": Step("pipelines", "write predictions as CSV files for a teammate", 2, False),
    "list": Step("pipelines", "the pipelines, and the points they start from", 2),
    "clean": Step("pipelines", "delete the fits that nothing needs", 2),
    "check": Step("submissions", "check a CSV file against the competition's rules", 3, False),
    "submit": Step("submissions", "check and upload the blend, or a file, exactly once", 3, False),
    "queue": Step("submissions", "checked files that wait for the days to come", 3, False),
    "vote": Step("submissions", "make one file of several by a vote", 3, False),
    "left": Step("submissions", "how many submissions are left today", 3),
    "fetch": Step("submissions", "bring back the file of a submission", 3, False),
    "scores": Step("submissions", "every submission: its estimate beside its public score", 4),
    "leaderboard": Step("competition", "the public leaderboard", 4),
    "journal": Step("app", "a page of what was run, and what came of it", 4),
    "report": Step("app", "one page of all that was found", 4),
    "dashboard": Step("app", "Optuna's dashboard on the studies, also while they run", 4),
    "draw": Step("app", "a page to draw digits on and have them read", 4),
    "practice": Step("competition", "serve a practice Kaggle until Ctrl-C", 5),
    "cluster": Step("pipelines", "a Dask cluster on this machine until Ctrl-C", 5, False),
    "worker": Step("pipelines", "fit for a cluster elsewhere until Ctrl-C", 5, False),
    "device": Step("pipelines", "what networks train on here, and why", 5, False),
    "config": Step("competition", "each variable, its value, and where it came from", 5, False),
}


def help_text() -> str:
    """Return the list of all steps."""
    width = max(map(len, STEPS))
    lines = [
        "Usage: podium STEP [COMPETITION] [OPTIONS]; podium STEP --help says what a step takes.",
        "",
        "A first run needs no account: podium rehearse",
        "On Kaggle: podium download, podium tune, podium submit",
    ]
    for place, heading in enumerate(HEADINGS):
        lines += ["", f"{heading}:"]
        lines += [
            f"  {word:{width}}  {step.help}"
            for word, step in STEPS.items()
            if step.heading == place
        ]
    return "\n".join([*lines, ""])
