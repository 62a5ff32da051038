"""What a long submission says on its way; whoever shows it decides how."""


class Progress:
    """Hears of each step. This one keeps quiet; a terminal's overrides both methods."""

    def step(self, text: str) -> None:
        """Hear of something done or begun: a line that stays."""

    def tick(self, text: str) -> None:
        """Hear how a wait goes on: a line that the next one replaces."""
