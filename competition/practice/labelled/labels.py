"""The label texts of rows, and what they mean."""

import math

from competition.data.labels import Labels
from competition.errors import PodiumError
from competition.problem.targets import Kind, Truth
from competition.spec import Competition

Label = tuple[str, ...]  # the texts of a row's label column(s), as they were written


def truth_of(
    labels: list[Label], competition: Competition, name: str, row_word: str = "line"
) -> Truth:
    """Return what label texts mean: (n,) int64 class indices, or (n, t) float64 values.

    Args:
        labels: Of all rows.
        competition: Whose classes or numbers they are.
        name: The file's, for messages.
        row_word: What a row of the file is called in messages: cells of a table may hold line
            breaks.

    Raises:
        PodiumError: a text is not one of the classes, or not a number that the metric takes; the
            sentence names the line of a file with a header.
    """
    problem = competition.problem
    least = problem.metric.scale.least if problem.kind == Kind.NUMBERS else -math.inf
    cells = Labels(problem.classes, least)
    faults = {text: cells.fault(text) for text in {each for label in labels for each in label}}
    if any(faults.values()):
        number, fault = next(
            (number, faults[text])
            for number, label in enumerate(labels, start=2)
            for text in label
            if faults[text]
        )
        raise PodiumError(
            f"{name}, {row_word} {number}: {fault}. Correct the {row_word}, or the competition's "
            "TOML file."
        )
    values = {text: cells.read(text) for text in faults}
    places = range(len(competition.label_columns))
    truth = cells.truth([[values[label[place]] for label in labels] for place in places])
    assert truth is not None
    return truth
