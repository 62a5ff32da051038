"""Faults on purpose: their grammar, and that each strikes as it says."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from competition.errors import PodiumError
from competition.kaggle.client import (
    KaggleClient,
    KaggleUnavailable,
    OutcomeUnknown,
    SubmissionLimits,
)
from competition.practice.serving.fault_plan import parse_faults

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
    assert parse_faults("seed=3, retry-after=0.5") == []
    (patient,) = parse_faults("refuse=429,retry-after=0.5")
    assert patient.retry_after == 0.5


@pytest.mark.parametrize(
    "plan", ["flood", "cut=", "cut*x", "refuse=503@", "cut*2%3", "=3", "seed", "seed=x", "seed=1*2"]
)
def test_a_plan_that_cannot_be_read_is_a_sentence(plan: str) -> None:
    with pytest.raises(PodiumError, match="is not a fault"):
        parse_faults(plan)


def test_counts_strike_so_often_and_chances_always_alike() -> None:
    refuse = parse_faults("refuse*2")[0]
    assert [refuse.strikes("ListDataFiles") for _ in range(4)] == [True, True, False, False]
    assert not parse_faults("refuse")[0].strikes("storage")
    first, second = parse_faults("slow%30")[0], parse_faults("slow%30")[0]
    strikes = [first.strikes("GetLeaderboard") for _ in range(1000)]
    assert strikes == [second.strikes("GetLeaderboard") for _ in range(1000)]
    assert 250 < sum(strikes) < 350
    for other in (parse_faults("slow%30,seed=8")[0], parse_faults("slow%30,slow%30")[1]):
        assert strikes != [other.strikes("GetLeaderboard") for _ in range(1000)]


def test_faults_strike_on_the_wire(
    start: Start, client_of: ClientOf, submission_file: Path
) -> None:
    practice = start(delay=0, faults="pending,slow=0.2@GetLeaderboard,refuse=429@ListDataFiles,cut")
    client = client_of(practice)
    token = client.upload(submission_file)
    client.create_submission(token, "for ever")
    client.create_submission(token, "scored")
    assert [each.status for each in client.submissions()] == ["complete", "pending"]
    begun = time.monotonic()
    client.leaderboard()
    assert time.monotonic() - begun > 0.2
    address = f"{practice.url}/api/v1/competitions.CompetitionApiService/ListDataFiles"
    refused = requests.post(address, auth=("you", practice.key), timeout=5)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    with client.open_archive() as stream, pytest.raises(KaggleUnavailable, match="cut"):
        got = [len(chunk) for chunk in stream.chunks]
        assert sum(got) < (stream.total or 0)


def test_a_call_is_dropped_or_carried_out_after_its_client_has_gone(
    start: Start, client_of: ClientOf, submission_file: Path
) -> None:
    practice = start(delay=0, faults="drop@CreateSubmission,slow=0.4@CreateSubmission")
    client = client_of(practice, timeout=(5, 0.2))
    token = client.upload(submission_file)
    with pytest.raises(OutcomeUnknown, match="cut the connection"):
        client.create_submission(token, "dropped")
    assert client.submissions() == []
    with pytest.raises(OutcomeUnknown, match="in time"):
        client.create_submission(token, "late")
    assert client.submissions() == []
    time.sleep(0.4)
    practice.plan("lose-reply=504")
    with pytest.raises(OutcomeUnknown, match="504"):
        client.create_submission(token, "answered")
    assert [each.description for each in client.submissions()] == ["answered", "late"]


def test_a_list_lags_behind_and_the_counts_too_where_that_is_asked_for(
    start: Start, client_of: ClientOf, submission_file: Path
) -> None:
    practice = start(delay=0, faults="lag=0.3*9")
    client = client_of(practice)
    client.create_submission(client.upload(submission_file), "mine")
    assert client.submissions() == []
    assert client.submission_limits() == SubmissionLimits(1, 4, False)
    practice.plan("lag@GetSubmissionLimits")
    assert client.submission_limits() == SubmissionLimits(0, 5, False)
    time.sleep(0.3)
    assert len(client.submissions()) == 1


def test_an_error_comes_in_place_of_a_download_or_of_a_part(
    start: Start, client_of: ClientOf
) -> None:
    client = client_of(start(faults="error-body,cut,error-body"))
    with client.open_archive() as stream:
        assert b"".join(stream.chunks).startswith(b'{"error"') and stream.total == 52
    with client.open_archive() as stream, pytest.raises(KaggleUnavailable, match="cut"):
        for _ in stream.chunks:
            pass
    with client.open_archive(1000, stream.validator) as part:
        assert (part.start, part.total) == (1000, stream.total)
        assert b"".join(part.chunks).startswith(b'{"error"')
