"""A drafted TOML file is read back as the competition that was drafted."""

from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from competition.data.tables.fold_rule import By, FoldRule
from competition.data.tables.schema import Role
from competition.drafting.draft import Draft
from competition.drafting.toml import to_toml
from competition.spec import Competition, load_competition

names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(names, min_size=4, max_size=4, unique=True), words, st.sampled_from(list(By)))
def test_any_names_and_reasons(tmp_path: Path, wild: list[str], reason: str, by: By) -> None:
    id_column, target, column, text = wild
    needs = by in (By.GROUP, By.TIME, By.BLOCKS)
    spec = Competition(
        slug="made",
        title="Made\nup",
        metric="rmse",
        train_file="train.csv",
        test_file="test.csv",
        sample_file="sample.csv",
        id_column=id_column,
        target_columns=(target,),
        label_columns=(target,),
        roles=((column, Role.DATE), (text, Role.TEXT)),
        folds=FoldRule(by, column if needs else None, "(.+)_" if by == By.GROUP else None),
    )
    places = ("metric", "folds", "columns.id", f"roles.{text}", "files.train", "rows")
    draft = Draft(spec, dict.fromkeys(places, reason), [reason])
    path = tmp_path / "made.toml"
    path.write_text(to_toml(draft), encoding="utf-8")
    assert load_competition(str(path)) == spec


def test_each_guess_has_its_reason_above_it() -> None:
    spec = load_competition("digit-recognizer")
    text = to_toml(Draft(spec, {"columns.id": "the first column", "folds": "at random"}, ["Why?"]))
    assert '# the first column\nid = "ImageId"' in text
    assert "# Look at this: Why?" in text
    assert "# Folds are stratified: at random." in text
    assert "\n# public_share" not in text  # it is known


def test_a_share_that_no_file_tells_can_be_filled_in(tmp_path: Path) -> None:
    spec = replace(load_competition("digit-recognizer"), public_share=None)
    text = to_toml(Draft(spec, {}, []))
    path = tmp_path / "made.toml"
    path.write_text(text.replace("# public_share", "public_share"), encoding="utf-8")
    assert load_competition(str(path)) == replace(spec, public_share=0.25)
