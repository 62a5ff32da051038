"""What a script of one's own has to heed, which a notebook does not."""

import re
import sys
from pathlib import Path

from competition.errors import PodiumError

_GUARD = re.compile(r"""__name__\s*==\s*["']__main__["']""")


def check_guard() -> None:
    """Check that the script that runs, if one does, may be read again by worker processes.

    Each of these imports the script first. What a script does on import, without a guard, they
    would do too, and start processes of their own.

    Raises:
        PodiumError: the script has no guard.
    """
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    if file is None or getattr(main, "__spec__", None) is not None:
        return  # a notebook, or a module that was run by `python -m`
    try:
        source = Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    if _GUARD.search(source) is None:
        raise PodiumError(
            f"{Path(file).name} would be run again by each worker process, which imports it first. "
            'Put what it does under: if __name__ == "__main__":'
        )
