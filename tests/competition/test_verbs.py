"""Next steps are named as the person types them."""

import pytest

from competition import verbs


def test_steps_are_those_of_make_until_podium_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbs, "_started_with", {"command": "make"})
    assert verbs.step("tune", SCHEDULER="tcp://host:1") == "make tune SCHEDULER=tcp://host:1"
    assert verbs.given("METRIC", "log loss") == 'METRIC="log loss"'
    assert verbs.step("scores", "REFRESH") == "make scores REFRESH=1"
    verbs.called_as_podium()
    assert verbs.step("scores", "REFRESH") == "podium scores --refresh"
    assert verbs.step("tune", SCHEDULER="tcp://host:1") == "podium tune --scheduler tcp://host:1"
    assert verbs.step("blend") == "podium blend"
    assert verbs.given("METRIC", "log loss") == '--metric "log loss"'
