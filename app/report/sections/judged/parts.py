"""What there is to show of answers, whatever their form."""

from dataclasses import dataclass, field

from app.report.drawing.figures import Plot
from app.report.drawing.matrices import Matrix
from app.report.sections.shown_rows import ShownRows
from pipelines.class_scores import ClassScore


@dataclass(frozen=True)
class Worst:
    """The rows that are missed by most.

    Attributes:
        title: Which rows these are.
        note: How to read the captions of pictures.
        shown: They themselves; none where nothing is missed.
    """

    title: str
    note: str
    shown: ShownRows


@dataclass
class Parts:
    """What there is to show of answers of one form.

    Attributes:
        figures: Single figures, as name and text.
        errors: Rows whose label is wrong; None where answers are not right or wrong.
        confusion: Rows by true and given class.
        error_matrix: The same without its diagonal, each row as shares of the class.
        classes: Scores by class.
        confused: Pairs of classes that are taken for each other, most often first.
        plots: Calibration, curves and residuals.
        worst: The rows that are missed by most.
    """

    worst: Worst
    figures: list[tuple[str, str]] = field(default_factory=list)
    errors: int | None = None
    confusion: Matrix | None = None
    error_matrix: Matrix | None = None
    classes: list[ClassScore] = field(default_factory=list)
    confused: list[str] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
