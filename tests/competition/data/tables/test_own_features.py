"""A person's own features: what they are given, and what of theirs is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from competition.data.dataset import load_dataset
from competition.errors import PodiumError
from competition.spec import Competition, load_competition
from tests.competition.data.tables.small import SHOP, load, roles, shown, write

COLUMNS = {
    "name": ["Ann B.", "Bob C.", "Cy D."],
    "age": ["NA", "30", "41"],
    "day": ["2020-01-01", "2020-06-01", "2020-07-01"],
}


def with_features(body: str) -> Competition:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return replace(SHOP, features=f"import pandas as pd\ndef features(train, test):\n{lines}\n")


def test_they_are_given_typed_columns_and_ids_and_replace_the_columns(tmp_path: Path) -> None:
    spec = with_features(
        """print("to the standard error")
assert "sold" not in train and list(train["id"]) == ["0", "1", "2"]
for part in (train, test):
    part["first"] = part["name"].str.split(" ").str[0]
    part["half"] = part["age"] / 2
    part["month"] = part["day"].dt.month
    part["old"] = part["age"] > 35
    part["size"] = pd.cut(part["age"], [0, 35, 99], labels=["young", "old"])
    part["since"] = part["day"] - pd.Timestamp("2020-01-01")
    part[7] = [1, None, 3]
    del part["name"], part["day"]
return train, test"""
    )
    data = load(tmp_path, COLUMNS, competition=spec)
    assert roles(data) == {
        "age": "number",
        "first": "category",
        "half": "number",
        "month": "number",
        "old": "category",
        "size": "ordinal",
        "since": "number",
        "7": "number",
    }
    assert shown(data, "half") == [None, 15.0, 20.5] * 2
    assert shown(data, "old") == ["False", "False", "True"] * 2
    assert shown(data, "size") == [None, "young", "old"] * 2
    assert shown(data, "since")[1] == 152 * 86_400.0


def test_they_run_once_and_their_source_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    spec = with_features(f"open({str(ran)!r}, 'a').write('.')\nreturn train, test")
    data = load(tmp_path / "data", COLUMNS, competition=spec)
    again = load_dataset(spec, tmp_path / "data")
    assert ran.read_text() == "." and again.fingerprint == data.fingerprint
    other = replace(spec, features=f"{spec.features}\n# changed")
    assert load_dataset(other, tmp_path / "data").fingerprint != data.fingerprint


def test_they_stand_beside_the_toml_file(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(SHOP.to_toml())
    (tmp_path / "shop.py").write_text("def features(train, test): return train, test\n")
    assert load_competition(str(tmp_path / "shop.toml")).features is not None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("return train.dropna(), test", "made 2 rows of the 3 of train"),
        ("return train, test[::-1]", "changed the order or the index of test"),
        ("train['x'] = test['x'] = 1 / 0", r"shop.py, line 3: ZeroDivisionError"),
        ("train['x'] = train['sold']", r"line 3: there is no column 'sold'.*never the target"),
        ("train['x'] = test['x'] = float('inf')\nreturn train, test", "infinite numbers in 'x'"),
        ("train['x'] = 1\nreturn train, test", "one of train and test alone: x"),
        ("train['x'] = test['x'] = [[1]] * 3\nreturn train, test", "a list into a cell of 'x'"),
        ("train['x'] = test['x'] = 1j\nreturn train, test", "complex numbers in 'x'"),
        ("train[7] = 1\ntrain['7'] = 2\nreturn train, test", "two columns '7' in train"),
        ("return train", "must return two data frames"),
        ("return None", "must return two data frames, .* returned NoneType"),
        ("raise SystemExit", "line 3: SystemExit"),
        ("return train[[]], test[[]]", "share no column"),
        ("return (", r"shop.py, line 3: SyntaxError"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_leaves_nothing(
    body: str, sentence: str, tmp_path: Path
) -> None:
    write(tmp_path, COLUMNS)
    with pytest.raises(PodiumError, match=sentence):
        load_dataset(with_features(body), tmp_path)
    assert not (tmp_path / "cache").exists()


def test_a_file_without_the_function_is_a_sentence(tmp_path: Path) -> None:
    spec = replace(SHOP, features="feature = 1\n")
    with pytest.raises(PodiumError, match=r"shop.py must define features\(train, test\)"):
        load(tmp_path, COLUMNS, competition=spec)
