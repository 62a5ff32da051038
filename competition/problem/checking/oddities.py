"""What is valid in a submission and yet odd enough to look twice before one is spent."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from competition.problem.problem import Problem
from competition.problem.targets import Answers, Eats, Kind, Truth

AGREEMENT = 0.95  # of labels with the last scored file
LOOSE_AGREEMENT = 0.8  # where the metric is not about hitting one class
CORRELATION = 0.8  # of ranks with the last scored file
FAR = 1e-3  # the p-value from which class shares are far from the training data's
FAR_SHARE = 0.25  # and by how much, where the decision moves the shares on purpose
DRAWN = 0.5  # of an even share that labels may move to a frequent class, as doubtful rows do
FREQUENT = 0.9  # of an even share: a class with so much is frequent
CHANCE = 3.0  # standard errors within which an agreement is one by chance
ROUNDING = 1e-3  # by which a row of class probabilities may miss 1

Floats = npt.NDArray[np.float64]


def warnings_of(
    answers: Answers,
    problem: Problem,
    truth: Truth | None,
    previous: Answers | None,
    out_of_fold: Answers | None = None,
) -> list[str]:
    """Return one sentence for each oddity.

    Args:
        answers: In the form in which they are sent.
        problem: What was asked.
        truth: Of the training data, if known.
        previous: Answers of an earlier submission, if there is one.
        out_of_fold: The blend's to the training rows: sound labels have their shares rather than
            those of the truth.
    """
    found = list(_alone(answers, problem))
    equal = len(answers) > 1 and bool((answers == answers[0]).all())
    if equal:
        found.insert(0, "All rows have the same answer.")
    if truth is not None and len(truth):
        if problem.kind == Kind.NUMBERS:
            found += _values_warning(answers, problem, truth)
        else:
            found += _shares_warning(answers, problem, truth, out_of_fold)
    if previous is not None and previous.shape == answers.shape and not equal:
        by_class = problem.metric.eats in (Eats.LABEL, Eats.RANKING)
        found += (_agreement_warning if by_class else _ranks_warning)(answers, problem, previous)
    return found


# ---------------------------------------------------------------------- the file by itself


def _alone(answers: Answers, problem: Problem) -> Iterator[str]:
    match problem.metric.eats:
        case Eats.LABEL:
            counts = np.bincount(answers, minlength=len(problem.classes))
            missing = [problem.classes[number] for number in np.flatnonzero(counts == 0)]
            if missing:
                more = " or another" if len(missing) > 5 else ""
                yield f"No row is labelled {' or '.join(missing[:5])}{more}."
        case Eats.PROBABILITY | Eats.CLASS_PROBABILITIES:
            outside = (answers < 0) | (answers > 1)
            if outside.any():
                yield (
                    f"{int(outside.sum()):,} of the probabilities do not lie between 0 and 1, "
                    f"such as {answers[outside][0]:g}; only their order counts."
                )
            elif np.isin(answers, (0.0, 1.0)).all():
                yield "All probabilities are 0 or 1: are they labels?"
            if answers.ndim == 2:
                sums = answers.sum(axis=1)
                missed = np.abs(sums - 1) > ROUNDING
                if missed.any():
                    yield (
                        f"The probabilities of {int(missed.sum()):,} rows do not sum to 1 (but to "
                        f"{sums[missed][0]:.4g}); Kaggle rescales them."
                    )


# ---------------------------------------------------------------------- beside the training data


def _shares_warning(
    answers: Answers, problem: Problem, truth: Truth, out_of_fold: Answers | None
) -> Iterator[str]:
    """Compare the classes' shares, where the answers tell of shares at all."""
    eats, classes = problem.metric.eats, len(problem.classes)
    known, where = truth, "in the training data"
    if out_of_fold is not None and eats == Eats.LABEL:
        known, where = out_of_fold, "in the blend's answers to the training rows"
    training = np.bincount(known, minlength=classes).astype(np.float64)
    if eats == Eats.LABEL:
        counts = np.bincount(answers, minlength=classes).astype(np.float64)
        what = "of the rows are labelled"
    elif eats == Eats.CLASS_PROBABILITIES and not problem.metric.balanced:
        counts, what = _expected_counts(answers, problem), "of the probability is on"
    else:  # only the order counts, or the classes after the first do too, or all alike
        return
    p_value = shares_p_value(counts, training)
    shares, usual = counts / counts.sum(), training / training.sum()
    worst = int(np.argmax(np.abs(shares - usual)))
    allowed = 0.0
    if known is truth and eats == Eats.LABEL:
        more = usual[np.argmax(shares - usual)]
        allowed = DRAWN / classes if more >= FREQUENT / classes else 0.0
    if problem.decision().learns:
        allowed = FAR_SHARE
    if p_value < FAR and abs(shares[worst] - usual[worst]) >= allowed:
        yield (
            f"The classes' shares are far from those {where} (chi-squared, p = {p_value:.1g}): "
            f"{shares[worst]:.1%} {what} {problem.classes[worst]}, there {usual[worst]:.1%}."
        )


def _expected_counts(answers: Answers, problem: Problem) -> Floats:
    """Return how many rows of each class the probabilities expect."""
    if answers.ndim == 2:
        counts: Floats = (answers / answers.sum(axis=1, keepdims=True)).sum(axis=0)
        return counts
    positive = float(answers.sum())
    both = np.full(2, len(answers) - positive)
    both[problem.positive] = positive
    return both


def shares_p_value(counts: npt.NDArray[np.generic], training: npt.NDArray[np.generic]) -> float:
    """Return how likely two sets of rows drawn from one population differ this much in classes.

    Pearson's chi-squared test of homogeneity on the two rows of counts, with as many degrees of
    freedom as there are classes in either, less one.

    Args:
        counts: (classes,) rows of each class in one set; expected counts make it conservative.
        training: The same in the other.
    """
    from scipy.special import chdtrc

    table = np.array([counts, training], dtype=np.float64)
    table = table[:, table.sum(axis=0) > 0]
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    statistic = ((table - expected) ** 2 / expected).sum()
    return float(chdtrc(table.shape[1] - 1, statistic)) if table.shape[1] > 1 else 1.0


def _values_warning(answers: Answers, problem: Problem, truth: Truth) -> Iterator[str]:
    """Compare quantiles; predictions that span less than the truth are usual, and no oddity.

    What is asked of two values is how probable the greater one is, which has other quantiles.
    """
    levels = (5, 10, 50, 90, 95)
    for target, given, known in zip(problem.targets, answers.T, truth.T, strict=True):
        if np.isin(known, (known.min(), known.max())).all():
            continue
        usual, ours = np.percentile(known, levels), np.percentile(given, levels)
        span = usual[-1] - usual[0]
        far = {
            5: ours[0] < usual[0] - span / 2,
            50: not usual[1] <= ours[2] <= usual[3],
            95: ours[4] > usual[4] + span / 2,
        }
        for level in (50, 5, 95):
            if far[level]:
                at = levels.index(level)
                yield (
                    f"{target} is far from the training data's: {level}% of the values lie below "
                    f"{ours[at]:.4g}, there below {usual[at]:.4g}."
                )
                break


# ---------------------------------------------------------------------- beside the last file


def _agreement_warning(answers: Answers, problem: Problem, previous: Answers) -> Iterator[str]:
    if answers.ndim == 2:  # ranked labels: the first ones
        answers, previous = answers[:, 0], previous[:, 0]
    strict = problem.kind == Kind.CLASSES and problem.metric.eats == Eats.LABEL
    usual = AGREEMENT if strict else LOOSE_AGREEMENT
    agreement = float(np.mean(previous == answers))
    if agreement >= usual:
        return
    classes = len(problem.classes)
    shares = [np.bincount(each, minlength=classes) / len(each) for each in (answers, previous)]
    chance = float(shares[0] @ shares[1])
    said = f"Only {agreement:.1%} of the rows agree with the last scored file"
    slack = CHANCE * float(np.sqrt(chance * (1 - chance) / len(answers)))
    if agreement <= chance + slack and len(answers) > 1:
        than = "less than" if agreement < chance - slack else "no more than"
        yield f"{said}, {than} by chance ({chance:.1%}): are classes or rows mixed up?"
    else:
        yield f"{said} (usual is more than {usual:.0%})."


def _ranks_warning(answers: Answers, problem: Problem, previous: Answers) -> Iterator[str]:
    """Compare the ranks in each column, and tell of the worst."""
    columns = (each.reshape(len(each), -1).T for each in (answers, previous))
    found = [rank_correlation(ours, theirs) for ours, theirs in zip(*columns, strict=True)]
    names = problem.targets or problem.classes
    known = [(value, place) for place, value in enumerate(found) if not np.isnan(value)]
    if not known or min(known)[0] >= CORRELATION:
        return
    value, place = min(known)
    of = f" of {names[place]}" if len(found) > 1 else ""
    said = f"The rank correlation{of} with the last scored file is only {value:.2f}"
    if abs(value) <= CHANCE / np.sqrt(len(answers)):
        yield f"{said}, no more than by chance: are rows mixed up?"
    elif value < 0:
        yield f"{said}: the answers seem to be turned round, or the rows mixed up."
    else:
        yield f"{said} (usual is more than {CORRELATION:g})."


def rank_correlation(first: Floats, second: Floats) -> float:
    """Return Spearman's correlation of two columns (n,); NaN where one of them is constant.

    Example:
        >>> rank_correlation(np.array([1.0, 2.0, 9.0]), np.array([3.0, 2.0, 1.0]))
        -1.0
    """
    one, other = (_ranks(each) - (len(each) + 1) / 2 for each in (first, second))
    spread = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / spread if spread else np.nan


def _ranks(values: Floats) -> Floats:
    """Return ranks from 1, ties sharing the mean of theirs."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (counts.cumsum() - (counts - 1) / 2)[which]
    return ranks
