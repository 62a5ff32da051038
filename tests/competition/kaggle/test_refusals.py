"""What Kaggle refuses, told by its cause, and never with a part of a secret."""

import logging
import random
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from competition.kaggle.client import AllowanceUsedUp, KaggleClient, KaggleError, OutcomeUnknown
from competition.spec import Competition
from competition.workspace import Access
from submissions.__main__ import app as submissions_app
from tests.competition.kaggle.reports import KEY, TOKEN, Said, shown_parts

DENIED = [
    ("You must verify your phone number to submit", "settings"),
    ("Phone verification is required", "settings"),
    ("Identity verification (Persona) is needed", "settings"),
    ("The leaderboard is hidden by the host", "/leaderboard"),
    ("This competition's leaderboard is not public", "/leaderboard"),
    ("You have used up your storage", "See https"),
    ("Private dataset storage quota exceeded", "See https"),
    ("New entrants are currently not allowed", "See https"),
    ("The competition has ended", "See https"),
    ("Your team has been disqualified", "See https"),
    ("The file exceeds the size limit of 100 MB", "See https"),
    ("Rate limit: too many requests today", "See https"),
    ("Only .csv is taken here", "See https"),
    ("A Persona check is due", "settings"),
]


@pytest.mark.parametrize(("reason", "step"), DENIED)
def test_a_403_for_another_reason_than_the_rules_says_the_right_step(
    kaggle, typed: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, reason: str, step: str
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    kaggle.replies["GetLeaderboard"] = [(403, {"error": {"code": 403, "message": reason}}, {})]
    said = typed("leaderboard")
    assert said.status == 1
    assert reason in said.text and step in said.text
    assert "rules" not in said.text.lower()


@pytest.mark.parametrize(
    "reason",
    [
        "Permission 'competitions.participate' was denied",
        "You must accept this competition's rules: RulesAcceptanceRequired",
        "Forbidden",
        "403 Client Error: you do not have permission to access this resource",
        "The terms were not accepted",
        "",
    ],
)
def test_a_403_for_the_rules_or_without_a_reason_names_their_page(
    kaggle, typed: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    kaggle.replies["GetLeaderboard"] = [(403, {"code": 403, "message": reason}, {})]
    assert "/digit-recognizer/rules" in typed("leaderboard").text


def test_a_403_of_the_storage_is_not_the_rules(kaggle, spec: Competition) -> None:
    kaggle.says("DownloadDataFiles", {}, 302, {"Location": f"{kaggle.url}/get?X-Goog-Signature=s"})
    kaggle.says("get", b"<Error><Code>AccessDenied</Code></Error>", 403)
    client = KaggleClient(spec, Access(token=TOKEN))
    with (
        pytest.raises(KaggleError, match="The storage of Kaggle refused") as caught,
        client.open_archive(),
    ):
        pass
    assert type(caught.value) is KaggleError
    assert caught.value.status == 403


DAILY = "Submission not allowed: Your team has used its daily Submission allowance (5) today"


@pytest.mark.parametrize(
    ("reason", "limits", "kind"),
    [
        (DAILY, {"numToday": 5, "numTotal": 9, "numAllowedNow": 0}, AllowanceUsedUp),
        (DAILY, {"numToday": 7, "numTotal": 9, "numAllowedNow": -2}, AllowanceUsedUp),
        ("Try tomorrow", {"numToday": 5, "numTotal": 9, "numAllowedNow": 0}, AllowanceUsedUp),
        ("The file exceeds the size limit", {"numToday": 1, "numAllowedNow": 4}, KaggleError),
        ("The daily limit of bytes is reached", None, KaggleError),
        (DAILY, {"numToday": 0, "numTotal": 7, "numAllowedNow": 0}, KaggleError),
        (
            DAILY,
            {"numToday": 2, "numTotal": 20, "numAllowedNow": 0, "limitedByTotal": True},
            KaggleError,
        ),
    ],
    ids=["daily", "more than allowed", "other words", "size", "no limits told", "0 of 0", "total"],
)
def test_only_what_the_limits_confirm_is_an_allowance(
    scripted, spec: Competition, reason: str, limits: Any, kind: type[KaggleError]
) -> None:
    scripted.says("CreateSubmission", {"error": {"code": 400, "message": reason}}, 400)
    if limits is not None:
        scripted.says("GetSubmissionLimits", limits)
    with pytest.raises(KaggleError) as caught:
        KaggleClient(spec, scripted.access).create_submission("blob", "x")
    assert type(caught.value) is kind
    assert reason in str(caught.value)
    assert ("midnight" in str(caught.value)) == (kind is AllowanceUsedUp)


STATUSES = (400, 401, 403, 404, 407, 408, 409, 413, 422, 429, 451, 500, 501, 502, 503, 504)
WORDINGS = (
    "Unauthenticated",
    "bad credentials {secret}",
    "Authorization: Bearer {secret} is not known",
    "the header was {basic}",
    "key {part}… has expired",
    "see https://www.kaggle.com/x?token={secret}",
    "<b>{secret}</b>",
    "limit exceeded for {secret}, daily allowance",
    "verify your phone; \x1b[31mred\x07 {secret}",
    "x" * 290 + "{secret}",
    "",
)


def enveloped(dice: random.Random, status: int, message: str) -> Any:
    """Return a refusal's body in one of the shapes that were seen."""
    return dice.choice(
        [
            {"error": {"code": status, "message": message, "status": "X"}},
            {"code": status, "message": message},
            {"error": message},
            {"message": {"text": message}},
            {"error": [message]},
            {"error": None, "message": message},
            [message],
            message.encode(),
            f"<html><title>{status}</title><body>{message}".encode("utf-16"),
            b"\xff\xfe" + message.encode(),
            ("[" * 5000 + message).encode(),
            b"",
        ]
    )


def test_no_part_of_a_secret_in_any_of_two_hundred_refusals(
    scripted, spec: Competition, submission_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    dice = random.Random(17)

    def opened(client: KaggleClient) -> None:
        with client.open_archive() as stream:
            list(stream.chunks)

    calls: list[tuple[str, Callable[[KaggleClient], object]]] = [
        ("GetLeaderboard", lambda client: client.leaderboard()),
        ("ListDataFiles", lambda client: client.list_files()),
        ("ListSubmissions", lambda client: client.submissions()),
        ("GetSubmissionLimits", lambda client: client.submission_limits()),
        ("DownloadDataFiles", opened),
        ("get", opened),
        ("StartSubmissionUpload", lambda client: client.upload(submission_file)),
        ("put", lambda client: client.upload(submission_file)),
        ("CreateSubmission", lambda client: client.create_submission("blob-of-bytes", "x")),
        ("IntrospectToken", lambda client: client.leaderboard()),
    ]
    signed = f"{scripted.url}/get?X-Goog-Signature=0badc0ffee"
    for number in range(200):
        secret = f"{dice.getrandbits(128):032x}"
        access = Access(scripted.url, username="me", key=secret)
        (_, basic) = credentials_of(access)
        status, (method, call) = dice.choice(STATUSES), dice.choice(calls)
        if method == "IntrospectToken":
            access = Access(scripted.url, token=f"KGAT_{secret}")
        message = dice.choice(WORDINGS).format(secret=secret, basic=basic, part=secret[:12])
        scripted.replies.clear()
        scripted.says("DownloadDataFiles", {}, 302, {"Location": signed})
        scripted.says(
            "StartSubmissionUpload", {"token": "blob", "createUrl": f"{scripted.url}/put"}
        )
        scripted.replies[method] = [(status, enveloped(dice, status, message), {})]
        client = KaggleClient(spec, access, attempts=2, first_pause=0.0)
        shown = ""
        try:
            call(client)
        except KaggleError as error:
            shown = "".join(traceback.format_exception(error))
            assert str(error).isprintable(), error
            assert len(str(error)) < 1000
        else:  # a server that cannot tell limits, or does not know tokens
            assert status in (404, 501), (method, status)
        case = f"{number}: {status} {method} {message!r}: {shown}"
        assert shown_parts(shown + caplog.text, secret, basic, "0badc0ffee") == [], case
        caplog.clear()


def credentials_of(access: Access) -> tuple[str, ...]:
    from competition.kaggle.credentials import Credentials

    return Credentials("x", access.username, key=access.key).secrets


@pytest.mark.parametrize("status", [400, 403, 409, 422, 429])
def test_an_allowance_is_one_under_any_status_where_the_limits_confirm_it(
    scripted, spec: Competition, status: int
) -> None:
    scripted.says("CreateSubmission", {"error": {"code": status, "message": DAILY}}, status)
    scripted.says("GetSubmissionLimits", {"numToday": 5, "numTotal": 9, "numAllowedNow": 0})
    with pytest.raises(AllowanceUsedUp, match="midnight"):
        KaggleClient(spec, scripted.access).create_submission("blob", "x")


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_phone_check_is_named_under_any_status(scripted, spec: Competition, status: int) -> None:
    reason = "You must verify your phone number to submit"
    scripted.says("CreateSubmission", {"error": {"code": status, "message": reason}}, status)
    with pytest.raises(KaggleError, match=r"Verify your account at .*settings"):
        KaggleClient(spec, scripted.access).create_submission("blob", "x")


def test_what_a_redirect_leads_to_does_not_say_that_nothing_was_submitted(
    scripted, spec: Competition
) -> None:
    scripted.says("CreateSubmission", b"", 302, {"Location": f"{scripted.url}/login"})
    with pytest.raises(OutcomeUnknown, match="may have been taken"):
        KaggleClient(spec, scripted.access).create_submission("blob", "x")


@pytest.mark.parametrize("end", ["?key=", "#", "/?token="])
def test_an_endpoint_with_a_secret_in_it_is_refused_and_not_shown(
    end: str, typed: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_ENDPOINT", f"http://127.0.0.1:9{end}{KEY}")
    said = typed("leaderboard")
    assert said.status == 1 and "Give the address alone" in said.text
    assert shown_parts(said.text, KEY) == []


def test_numbers_beyond_all_bounds_are_left_out(
    kaggle, typed: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, work: Path
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    for number in (10**19, 2**63, -(10**30)):
        item = {"ref": number, "fileName": "odd.csv", "status": "COMPLETE", "totalBytes": number}
        mine = {"ref": 7, "fileName": "mine.csv", "status": "COMPLETE", "totalBytes": number}
        kaggle.replies["ListSubmissions"] = [(200, {"submissions": [item, mine]}, {})]
        said = typed("scores", "--refresh", app=submissions_app)
        assert said.status == 0 and "mine.csv" in said.text and "odd.csv" not in said.text
    rows = [{"teamName": "us", "score": score} for score in ("NaN", "1e999", "0.5", "-Infinity")]
    kaggle.replies["GetLeaderboard"] = [(200, {"submissions": rows}, {})]
    said = typed("leaderboard", "--json")
    assert said.status == 0 and said.text.count('"rank"') == 1 and "NaN" not in said.text
