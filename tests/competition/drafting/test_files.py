"""Train, test and sample are found wherever they stand in a zip, or a sentence names the files."""

import zipfile
from pathlib import Path

import pytest

from competition.drafting.files import find_files, plain_name, unpacked
from competition.errors import PodiumError

TRAIN, TEST, SAMPLE = "id,x,y\n1,2,3\n2,2,4\n", "id,x\n3,4\n4,4\n", "id,y\n3,0\n4,0\n"


def zip_of(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def names_in(source: Path) -> tuple[str, ...]:
    with unpacked(source) as folder:
        found = find_files(folder)
        paths = (found.train, found.test, found.sample)
        return tuple(plain_name(path) if path else "" for path in paths)


def test_a_top_folder_shadows_and_other_files(tmp_path: Path) -> None:
    made = {
        "data/train.csv": TRAIN,
        "data/test.csv": TEST,
        "data/sampleSubmission.csv": SAMPLE,
        "__MACOSX/data/._train.csv": "no table",
        "data/old/train.csv": "another",
        "data/latest_prices.csv": "day,price\n1,2\n",
        "data/readme.txt": "words",
    }
    source = zip_of(tmp_path / "all.zip", **made)
    assert names_in(source) == ("train.csv", "test.csv", "sampleSubmission.csv")
    with unpacked(source) as folder:
        assert find_files(folder).aside == ("latest_prices.csv",)


def test_each_file_in_a_zip_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, text in {"train": TRAIN, "test": TEST, "gender_submission": SAMPLE}.items():
        zip_of(tmp_path / "in" / f"{name}.csv.zip", **{f"{name}.csv": text})
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in (tmp_path / "in").iterdir():
            archive.write(path, path.name)
    wanted = ("train.csv", "test.csv", "gender_submission.csv")
    assert names_in(tmp_path / "in") == names_in(tmp_path / "all.zip") == wanted


def test_more_of_the_same_name_are_left_aside(tmp_path: Path) -> None:
    made = {"train.csv": TRAIN, "train_extra.csv": TRAIN, "test.csv": TEST}
    source = zip_of(tmp_path / "all.zip", **made, **{"sample_submission.csv": SAMPLE})
    assert names_in(source)[0] == "train.csv"


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"words.txt": "a"}, "holds no CSV file"),
        ({"a/train.csv": TRAIN, "b/train.csv": TRAIN, "test.csv": TEST}, "several files train.csv"),
        ({"train.csv": TRAIN, "sample_submission.csv": SAMPLE}, "test file cannot be told"),
        (
            {
                "train.csv": TRAIN,
                "test.csv": TEST,
                "sample_submission_1.csv": SAMPLE,
                "sample_submission_2.csv": SAMPLE,
            },
            "several sample submissions",
        ),
    ],
)
def test_what_cannot_be_told_is_a_sentence(
    members: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(PodiumError, match=said):
        names_in(zip_of(tmp_path / "all.zip", **members))


def test_no_whole_zip_is_a_sentence(tmp_path: Path) -> None:
    whole = zip_of(tmp_path / "all.zip", **{"train.csv": TRAIN * 1000}).read_bytes()
    for content in (b"", b"no zip", whole[: len(whole) // 2]):
        (tmp_path / "cut.zip").write_bytes(content)
        with pytest.raises(PodiumError, match="not a whole zip"):
            names_in(tmp_path / "cut.zip")
    with pytest.raises(PodiumError, match="There is no file"):
        names_in(tmp_path / "nowhere.zip")
