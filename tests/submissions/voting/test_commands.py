"""A vote as a person calls it."""

import json
from pathlib import Path

from tests.submissions.conftest import Desk


def test_files_become_one_that_can_be_submitted(desk: Desk) -> None:
    files = [desk.file(seed, f"file-{seed}.csv") for seed in (1, 2, 3)]
    said = desk.run("vote", *files)
    assert (said.returncode, said.stderr) == (0, "")
    assert "share of equal answers" in said.stdout and "It has no estimate" in said.stdout
    made = json.loads(desk.run("vote", *files, "--json").stdout)
    assert made["how"] == "the majority" and len(made["agreement"]["values"]) == 3
    checked = desk.run("check", made["file"])
    assert checked.returncode == 0 and "all valid" in checked.stdout
    assert f"make submit FILE={made['file']}" in said.stdout


def test_a_faulty_file_or_a_single_one_is_a_sentence(desk: Desk, tmp_path: Path) -> None:
    good, bad = desk.file(1), tmp_path / "bad.csv"
    bad.write_text("ImageId,Label\n1,2\n")
    said = desk.run("vote", good, bad)
    assert said.returncode == 1 and "was not counted" in said.stderr
    alone = desk.run("vote", good)
    assert alone.returncode == 1 and "needs two files" in alone.stderr
