"""Competitions are read from TOML, and a broken one is told in a sentence."""

from pathlib import Path

import pytest

from competition import PodiumError, available_competitions, load_competition


def test_shipped_competitions_are_known() -> None:
    assert available_competitions() == ["digit-recognizer", "optical-digits"]
    digits = load_competition("digit-recognizer")
    assert (digits.train_rows, digits.test_rows, digits.image_side) == (42000, 28000, 28)
    assert digits.rules_url == "https://www.kaggle.com/competitions/digit-recognizer/rules"


@pytest.mark.parametrize("name", ["digit-recognizer", "optical-digits"])
def test_a_spec_survives_its_own_toml(name: str, tmp_path: Path) -> None:
    path = tmp_path / "copy.toml"
    path.write_text(load_competition(name).to_toml())
    assert load_competition(str(path)) == load_competition(name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("digit-recogniser", "known are digit-recognizer, optical-digits"),
        ("../specs/digit-recognizer", "There is no competition"),
        ("nowhere.toml", "There is no competition"),
    ],
)
def test_unknown_competition_is_a_sentence(name: str, told: str) -> None:
    with pytest.raises(PodiumError, match=told):
        load_competition(name)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('slug = "digit-recognizer"', 'slug = "a/b"', "plain names"),
        ('metric = "accuracy"', 'metric = "rmse"', "'rmse' is not known"),
        ("image_side = 28", "image_side = 0", "image_side must be a whole number above 0"),
        ("image_side = 28", 'image_side = "28"', "image_side must be a whole number above 0"),
        ('"1", ', '"0", ', "2 to 256 different names"),
        ('id = "ImageId"', "", "lacks the entry 'id'"),
        ("[files]", "[files", "not valid TOML"),
    ],
)
def test_a_broken_spec_is_a_sentence(before: str, after: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(load_competition("digit-recognizer").to_toml().replace(before, after))
    with pytest.raises(PodiumError, match=told):
        load_competition(str(path))
