"""A practice Kaggle in a thread of the tests: it starts at once, and can be told new faults."""

import threading
from pathlib import Path
from typing import Any

from competition.practice.running import PracticeServer
from competition.spec import load_competition


class Served:
    """A practice Kaggle of a folder, with `PracticeServer`'s options."""

    def __init__(self, folder: Path, competition: Any = None, **options: Any) -> None:
        form = competition or load_competition("optical-digits")
        self._server = PracticeServer(folder, form, **options)
        running = self._server.running
        self.url, self.username, self.key = running.url, running.username, running.key
        self.spec_path, self.environment = running.spec_path, running.environment
        self.access, self.competition = running.access, self._server.competition
        self._thread = threading.Thread(target=self._server.serve, daemon=True)
        self._thread.start()

    def plan(self, faults: str) -> None:
        """Let these faults strike from now on."""
        self._server.plan(faults)

    def end(self) -> None:
        """Ask it to stop, and do not wait for it."""
        self._server.stop()

    def stop(self) -> None:
        """Stop it: nobody answers any more."""
        self.end()
        self._thread.join(10)
