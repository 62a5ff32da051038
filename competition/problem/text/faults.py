"""One reason why Kaggle would refuse a submission file, or score it wrongly."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One reason why Kaggle would refuse a file, or score it wrongly.

    Attributes:
        kind: Groups faults of one sort: `file`, `encoding`, `line end`, `header`, `columns`,
            `quotes`, `id`, `label`, `number`, `rows`.
        line: The line as an editor counts it (the header is line 1); None for the whole file.
        message: What is wrong and, where it helps, how to fix it.
        certain: Whether there is but one way to fix it, which a program can go.
    """

    kind: str
    line: int | None
    message: str
    certain: bool = False

    def __str__(self) -> str:
        return self.message if self.line is None else f"line {self.line}: {self.message}"
