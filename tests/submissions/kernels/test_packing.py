"""The script that is pushed: small, the same for the same, and whole by itself."""

import ast
import base64
import io
import re
import tarfile
from dataclasses import replace
from random import Random

import pytest

from competition.errors import PodiumError
from competition.spec import load_competition
from pipelines.kernels.machine import Asked
from submissions.kernels.packing import MOST_BYTES, packed_script

ASKED = Asked("svm", 60.0, 0, 0, "tpe", gpu=False, data="abc", attempt=1)
SPEC = load_competition("optical-digits")


def files_in(script: str) -> dict[str, bytes | str]:
    packed = re.search('PACKED = "(.*)"', script)
    files = re.search(r"^FILES = (\{.*?^\})", script, re.MULTILINE | re.DOTALL)
    assert packed is not None and files is not None
    content = io.BytesIO(base64.b85decode(packed[1]))
    with tarfile.open(fileobj=content, mode="r:xz") as archive:
        code = {each.name: archive.extractfile(each).read() for each in archive}  # type: ignore[union-attr]
    return code | ast.literal_eval(files[1])


@pytest.mark.long
def test_it_holds_what_a_run_needs_and_nothing_of_this_machine() -> None:
    script = packed_script("podium-test", SPEC, ASKED)
    assert len(script) < 700_000 < MOST_BYTES
    assert script == packed_script("podium-test", SPEC, ASKED)
    names = files_in(script)
    assert {"asked.json", "competition.toml", "code/pebble/__init__.py"} <= names.keys()
    assert names["asked.json"] == ASKED.to_json()
    assert "code/pipelines/kernels/machine.py" in names
    assert not [name for name in names if "practice" in name or "__pycache__" in name]


def test_a_persons_features_travel_too() -> None:
    features = 'def features(train, test): return \'caf\u00e9 \U0001f377\\n\' + """{x}"""'
    spec = replace(load_competition("wine"), features=features)
    assert files_in(packed_script("podium-test", spec, ASKED))["competition.py"] == features


def test_what_is_too_large_is_a_sentence() -> None:
    features = base64.b85encode(Random(0).randbytes(500_000)).decode()
    with pytest.raises(PodiumError, match=r"would take \d[\d,]* kB, and Kaggle takes 900"):
        packed_script("podium-test", replace(SPEC, features=features), ASKED)
