"""The errors that a person reads: one or two short sentences, never a traceback."""


class PodiumError(Exception):
    """Something that a person can fix: what, why, and the next step."""

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows of it, as IPython asks: the sentence alone."""
        return [str(self)]


class InfrastructureError(PodiumError):
    """The database, the cluster or the disk failed: a run ends with what it has, not one trial."""
