"""Faults on purpose: their grammar, and that each strikes as it says."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from competition import PodiumError
from competition.kaggle_client import KaggleClient, KaggleUnavailable
from competition.practice.faults import parse_faults

Start = Callable[..., Any]
ClientOf = Callable[..., KaggleClient]


def test_the_grammar() -> None:
    refuse, cut, lose = parse_faults("refuse=429@ListSubmissions*2, cut*3,lose-reply%10")
    assert (refuse.kind, refuse.value, refuse.call, refuse.left) == (
        "refuse",
        429.0,
        "ListSubmissions",
        2,
    )
    assert (cut.call, cut.left) == ("storage", 3)
    assert (lose.call, lose.left, lose.chance) == ("CreateSubmission", None, 0.1)
    assert parse_faults("") == []


@pytest.mark.parametrize("plan", ["flood", "cut=", "cut*x", "refuse=503@", "cut*2%3", "=3"])
def test_what_is_no_fault_is_a_sentence(plan: str) -> None:
    with pytest.raises(PodiumError, match="is no fault"):
        parse_faults(plan)


def test_counts_strike_so_often_and_chances_always_alike() -> None:
    refuse = parse_faults("refuse*2")[0]
    assert [refuse.strikes("ListDataFiles") for _ in range(4)] == [True, True, False, False]
    assert not parse_faults("refuse")[0].strikes("storage")
    first, second = parse_faults("slow%30")[0], parse_faults("slow%30")[0]
    strikes = [first.strikes("GetLeaderboard") for _ in range(1000)]
    assert strikes == [second.strikes("GetLeaderboard") for _ in range(1000)]
    assert 250 < sum(strikes) < 350


def test_faults_strike_on_the_wire(
    start: Start, client_of: ClientOf, submission_file: Path
) -> None:
    practice = start(delay=0, faults="pending,slow=0.5@GetLeaderboard,refuse=429@ListDataFiles,cut")
    client = client_of(practice)
    token = client.upload(submission_file)
    client.create_submission(token, "for ever")
    client.create_submission(token, "scored")
    assert [each.status for each in client.submissions()] == ["complete", "pending"]
    begun = time.monotonic()
    client.leaderboard()
    assert time.monotonic() - begun > 0.5
    address = f"{practice.url}/api/v1/competitions.CompetitionApiService/ListDataFiles"
    refused = requests.post(address, auth=("you", practice.key), timeout=5)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    with client.open_archive() as stream, pytest.raises(KaggleUnavailable, match="cut"):
        got = [len(chunk) for chunk in stream.chunks]
        assert sum(got) < (stream.total or 0)
