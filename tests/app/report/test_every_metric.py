"""The report of every kind of competition shows what its metric asks for, and nothing else."""

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.report.findings import gather
from app.report.page import write_exploration, write_report
from competition.errors import PodiumError
from tests.app.stored import (
    data_of,
    prepared_workspace,
    store_blend,
    store_column,
    tinted_squares,
)

SHOWN = {
    "optical-digits": {"Confusion matrix", "most confident mistakes", "Calibration", "right alone"},
    "digits-balanced-accuracy": {"Confusion matrix", "most confident mistakes", "Calibration"},
    "digits-log-loss": {"Log loss by class", "Calibration", "rows furthest from their truth"},
    "digits-auc": {"ROC curve", "Calibration", "rows furthest from their truth"},
    "digits-map3": {
        "Confusion matrix",
        "Where the true class stands",
        "most confident mistakes",
        "Calibration",
    },
    "digits-kappa": {
        "Confusion matrix",
        "Expected class numbers",
        "mistakes that are furthest off",
    },
    "digits-rmse": {"predicted and true", "residuals", "rows furthest off", "How Value is spread"},
}
ANY = set().union(*SHOWN.values())
WITH_LABEL_ISSUES = SHOWN.keys() - {"digits-kappa", "digits-rmse"}


def written_for(folder: Path, slug: str) -> str:
    workspace = prepared_workspace(folder, slug)
    data = data_of(workspace)
    columns = [
        store_column(workspace, data, "knn", "a" * 16, skill=0.95),
        store_column(workspace, data, "forest", "b" * 16, skill=0.9),
    ]
    store_blend(workspace, data, columns, {"knn": 0.7, "forest": 0.3})
    return write_report(workspace).read_text(encoding="utf-8")


def without_scripts(text: str) -> str:
    """Return what the page says; figures keep their titles."""
    return re.sub(r"<(script|style)[^>]*>.*?</\1>", "", text, flags=re.DOTALL)


@pytest.mark.long
@pytest.mark.parametrize("slug", SHOWN)
def test_every_metric_gets_the_figures_that_suit_it(slug: str, tmp_path: Path) -> None:
    said = without_scripts(written_for(tmp_path, slug))
    assert {words for words in SHOWN[slug] if words not in said} == set()
    right_or_wrong = "Confusion matrix" in SHOWN[slug]
    assert ("right alone" in said) is right_or_wrong
    assert ("Correlation of the members&#39; residuals" in said) is not right_or_wrong
    assert ("Labels most likely wrong" in said) is (slug in WITH_LABEL_ISSUES)
    foreign = ANY - SHOWN[slug] - {"right alone", "residuals", "Calibration"}
    assert {words for words in foreign if words in said} == set()
    assert ("a lower" in said) is (slug in ("digits-log-loss", "digits-rmse"))


def test_confusion_is_of_the_answers_and_not_of_the_most_probable_class(tmp_path: Path) -> None:
    """With balanced accuracy, multipliers decide; the page must count what they answer."""
    workspace = prepared_workspace(tmp_path, "digits-balanced-accuracy")
    data, problem = data_of(workspace), workspace.competition.problem
    column = store_column(workspace, data, "knn", "a" * 16, skill=0.3)
    truth = np.asarray(data.truth)
    answers = gather(workspace).answers(column)
    most_probable = column.oof().argmax(axis=1)
    assert (answers != most_probable).any()
    said = without_scripts(write_report(workspace).read_text(encoding="utf-8"))
    errors = int(np.sum(answers != truth))
    assert f"<dt>errors</dt><dd>{errors:,}</dd>" in said
    assert errors != int(np.sum(most_probable != truth))
    assert problem.score_answers(truth, answers).value == pytest.approx(column.score.value)


@pytest.mark.parametrize("metric", ["accuracy", "rmse"])
def test_colour_images_are_shown_in_colour(metric: str, tmp_path: Path) -> None:
    """The mean image of those with a red square is red."""
    workspace = prepared_workspace(tmp_path, *tinted_squares(tmp_path, metric))
    said = write_exploration(workspace).read_text(encoding="utf-8")
    assert "8 × 8 pixels in colour" in said
    assert "<body class=colour>" in said
    red, green, blue = mean_colour(said)
    assert red > 2 * max(green, blue)


def mean_colour(page: str) -> list[float]:
    """Return the mean red, green and blue of the page's first mean image."""
    found = re.search(r'src="data:image/png;base64,([^"]+)" alt="Mean image', page)
    assert found is not None
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as picture:
        return np.asarray(picture.convert("RGB")).reshape(-1, 3).mean(axis=0).tolist()


def test_a_blend_of_other_data_is_not_shown(tmp_path: Path) -> None:
    workspace = prepared_workspace(tmp_path, "optical-digits")
    data = data_of(workspace)
    column = store_column(workspace, data, "knn", "a" * 16)
    store_blend(workspace, replace(data, fingerprint="0" * 16), [column], {"knn": 1.0})
    said = without_scripts(write_report(workspace).read_text(encoding="utf-8"))
    assert "There is no blend of this data yet" in said


def test_a_damaged_blend_is_a_sentence(tmp_path: Path) -> None:
    workspace = prepared_workspace(tmp_path, "optical-digits")
    data = data_of(workspace)
    blend = store_blend(
        workspace, data, [store_column(workspace, data, "knn", "a" * 16)], {"knn": 1}
    )
    (blend.folder / "manifest.json").write_text("[]")
    with pytest.raises(PodiumError, match="make blend"):
        write_report(workspace)


def test_a_member_whose_column_is_gone_is_named(tmp_path: Path) -> None:
    workspace = prepared_workspace(tmp_path, "optical-digits")
    data = data_of(workspace)
    columns = [store_column(workspace, data, name, name[0] * 16) for name in ("knn", "forest")]
    store_blend(workspace, data, columns, {"knn": 0.5, "forest": 0.5})
    (columns[1].folder / "manifest.json").write_text('{"pipeline": "forest"}')
    said = without_scripts(write_report(workspace).read_text(encoding="utf-8"))
    assert f"The files of forest {'f' * 16} are gone" in said
