"""Competitions are read from TOML, and a broken one is told in a sentence."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from competition.errors import PodiumError
from competition.problem.problem import usual_positive
from competition.spec import Competition, available_competitions, load_competition

DIGITS = load_competition("digit-recognizer")


def test_shipped_competitions_are_known() -> None:
    assert {"digit-recognizer", "optical-digits"} <= set(available_competitions())
    assert (DIGITS.train_rows, DIGITS.test_rows, DIGITS.image_side) == (42000, 28000, 28)
    assert DIGITS.rules_url == "https://www.kaggle.com/competitions/digit-recognizer/rules"


@pytest.mark.parametrize("name", available_competitions())
def test_a_shipped_spec_survives_its_own_toml(name: str, tmp_path: Path) -> None:
    path = tmp_path / "copy.toml"
    path.write_text(load_competition(name).to_toml())
    assert load_competition(str(path)) == load_competition(name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("digit-recogniser", "digit-recognizer, "),
        ("../specs/digit-recognizer", "There is no competition"),
        ("nowhere.toml", "There is no competition"),
    ],
)
def test_unknown_competition_is_a_sentence(name: str, told: str) -> None:
    with pytest.raises(PodiumError, match=told):
        load_competition(name)


# ---------------------------------------------------------------------- what is written is read


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
counts = st.integers(1, 10**6)
plain_names = st.from_regex(r"[a-z0-9][a-z0-9 _.-]{0,12}", fullmatch=True)


@st.composite
def competitions(draw: st.DrawFn) -> Competition:
    """Any competition that a TOML file may describe."""
    id_column, *columns = draw(st.lists(lines, min_size=2, max_size=5, unique=True))
    classes = tuple(draw(st.lists(lines, min_size=2, max_size=5, unique=True)))
    positive = None
    metric = draw(st.sampled_from(["Accuracy", "QWK", "map@3", "f1", "auc", "log loss", "rmse"]))
    labels = (columns[0],)
    if metric == "rmse":
        classes, labels = (), tuple(reversed(columns))
    elif metric == "log loss":
        columns = draw(
            st.lists(
                lines.filter(lambda name: name != id_column),
                min_size=len(classes),
                max_size=len(classes),
                unique=True,
            )
        )
    else:
        columns = columns[:1]
    if metric == "map@3":
        classes = tuple(f"{number}{name.replace(' ', '_')}" for number, name in enumerate(classes))
    if metric in ("f1", "auc"):
        classes = classes[:2]
        positive = draw(st.sampled_from(classes))
        if usual_positive(classes) is not None:
            positive = draw(st.sampled_from([None, positive]))
    return Competition(
        slug=draw(plain_names),
        title=draw(texts),
        metric=metric,
        train_file=draw(plain_names),
        test_file=draw(plain_names),
        sample_file=draw(plain_names),
        id_column=id_column,
        target_columns=tuple(columns),
        label_columns=labels,
        image_side=draw(counts),
        channels=draw(st.sampled_from([1, 3])),
        classes=classes,
        positive=positive,
        train_rows=draw(st.none() | counts),
        test_rows=draw(st.none() | counts),
        daily_submissions=draw(counts),
        public_share=draw(st.none() | st.floats(0, 1, exclude_min=True)),
        notebooks_only=draw(st.booleans()),
        bundled=draw(st.none() | texts),
    )


@pytest.mark.long
@settings(max_examples=200)
@given(spec=competitions())
def test_any_spec_survives_its_own_toml(
    spec: Competition, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(spec.to_toml(), encoding="utf-8")
    read = load_competition(str(path))
    assert read == spec
    assert read.problem.outputs >= 1


# ---------------------------------------------------------------------- what breaks a promise


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('slug = "digit-recognizer"', 'slug = "a/b"', "plain names"),
        ('metric = "accuracy"', 'metric = "acuracy"', "Did you mean 'accuracy'"),
        ('metric = "accuracy"', 'metric = "rmse"', "scores numbers, so there are no classes"),
        ("image_side = 28", "image_side = 0", "image_side must be a whole number above 0"),
        ("image_side = 28", 'image_side = "28"', "image_side must be a whole number above 0"),
        ("image_side = 28", "image_side = 28\nchannels = 2", "1 for grey images or 3 for colour"),
        ("public_share = 0.25", "public_share = 25", "above 0 and up to 1"),
        ("public_share = 0.25", "public_share = true", "above 0 and up to 1"),
        ("public_share = 0.25", 'notebooks_only = "yes"', "must be true or false"),
        ('"1", ', '"0", ', "2 to 256 different names"),
        ('"1", ', '"a\\nb", ', "no line breaks"),
        ('id = "ImageId"', "", "lacks the entry 'id'"),
        ('id = "ImageId"', 'id = "Label"', "names a column twice"),
        ('target = "Label"', 'target = ["a", "b"]', "takes one target column"),
        ('label = "label"', 'label = ["a", "b"]', "one label column"),
        ("[files]", "[files", "not valid TOML"),
        # An entry that nothing reads is misspelt, or means something to its writer.
        ("image_side = 28", "image_side = 28\nimage_sides = 3", "did you mean 'image_side'"),
        ("daily_submissions = 5", "daily_submision = 5", "did you mean 'daily_submissions'"),
        ("image_side = 28", "image_side = 28\nzzz = 3", "'zzz' is not known: known are slug"),
        ('id = "ImageId"', 'id = "ImageId"\nlabels = "x"', r"in \[columns\] is not known; did"),
        ("[rows]", "[row]", "'row' is not known; did you mean 'rows'"),
        ("[files]", "[[files]]", "must be a table"),
    ],
)
def test_a_broken_spec_is_a_sentence(before: str, after: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    text = DIGITS.to_toml()
    assert before in text
    path.write_text(text.replace(before, after))
    with pytest.raises(PodiumError, match=told) as error:
        load_competition(str(path))
    assert str(path) in str(error.value)


YES_NO = ("no", "yes")
PETS = ("cat", "dog")
THREE = ("a", "b", "c")


@pytest.mark.parametrize(
    ("metric", "classes", "targets", "positive", "told"),
    [
        ("auc", THREE, ("p",), None, "takes two classes, not 3"),
        ("f1", THREE, ("p",), "a", "takes two classes, not 3"),
        ("auc", PETS, ("p",), None, 'positive = "dog"'),
        ("auc", PETS, ("p",), "cow", "not one of the classes"),
        ("auc", YES_NO, ("p", "q"), None, "takes one target column"),
        ("accuracy", YES_NO, ("p",), "yes", "has no positive class"),
        ("log loss", PETS, ("p",), None, 'positive = "dog"'),
        ("log loss", PETS, PETS, "dog", "has no positive class"),
        ("log loss", THREE, ("p",), None, "3 classes need as many columns.target"),
        ("log loss", THREE, PETS, None, "3 classes need as many columns.target"),
        ("map@3", ("a b", "c"), ("p",), None, "no class name may hold one"),
        ("qwk", (), ("p",), None, "needs classes"),
        ("accuracy", ("a",), ("p",), None, "2 to 256 different names"),
    ],
)
def test_metric_classes_targets_and_positive_fit_together(
    metric: str,
    classes: tuple[str, ...],
    targets: tuple[str, ...],
    positive: str | None,
    told: str,
    tmp_path: Path,
) -> None:
    broken = replace(
        DIGITS, metric=metric, classes=classes, target_columns=targets, positive=positive
    )
    path = tmp_path / "broken.toml"
    path.write_text(broken.to_toml())
    with pytest.raises(PodiumError, match=told):
        load_competition(str(path))


def test_numbers_need_a_label_column_for_each_target(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    numbers = replace(DIGITS, metric="rmse", classes=(), target_columns=("x", "y"))
    path.write_text(numbers.to_toml())
    with pytest.raises(PodiumError, match="as many columns"):
        load_competition(str(path))


@pytest.mark.parametrize(
    ("metric", "classes", "targets", "positive", "number"),
    [
        ("auc", YES_NO, ("p",), None, 1),
        ("auc", ("True", "False"), ("p",), None, 0),
        ("auc", PETS, ("p",), "cat", 0),
        ("log loss", PETS, ("p",), "dog", 1),
        ("log loss", PETS, PETS, None, None),
        ("accuracy", PETS, ("p",), None, None),
    ],
)
def test_the_positive_class(
    metric: str,
    classes: tuple[str, ...],
    targets: tuple[str, ...],
    positive: str | None,
    number: int | None,
) -> None:
    spec = replace(
        DIGITS, metric=metric, classes=classes, target_columns=targets, positive=positive
    )
    assert spec.problem.positive == number


def test_a_number_among_the_classes_stands_for_its_digits(tmp_path: Path) -> None:
    path = tmp_path / "numbers.toml"
    path.write_text(DIGITS.to_toml().replace('"0", "1", "2"', '0, 1, "2"'))
    assert load_competition(str(path)) == DIGITS
