"""Keys, tokens and signed addresses: nowhere in what a chain says, logs or leaves behind."""

import base64
import io
import logging
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

import pytest

from competition.__main__ import app as competition_app
from competition.kaggle.client import KaggleClient
from competition.terminal.console import run
from submissions.__main__ import app as submissions_app
from submissions.clock import Patience
from tests.chain.conftest import Chain

# Refusals echo, retries log, cuts raise: every way on which an address or a token could get out.
FAULTS = (
    "cut@storage*2,refuse=503@storage,error-body,drop@DownloadDataFiles,refuse=429@ListDataFiles,"
    "cut-upload*2,drop@upload,refuse=403@upload,lose-reply@CreateSubmission,"
    "refuse=401@GetSubmissionLimits,refuse=500@CreateSubmission,drop@ListSubmissions,"
    "slow=0.1@StartSubmissionUpload,corrupt,retry-after=0.01"
)

TOPIC = "t0p1c"  # the secret of the address in NOTIFY


def typed(app: Callable[..., None], *arguments: object) -> str:
    """Run a command line in this process and return all that it wrote."""
    written = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        redirect_stdout(written),
        redirect_stderr(written),
    ):
        patch.setattr(sys, "argv", ["podium", *map(str, arguments)])
        try:
            run(partial(app, obj=Patience(look=0.02, flight=0.2)))
        except SystemExit as ended:
            written.write(f"status {ended.code}")
    return written.getvalue()


def typed_chain(file: Path) -> list[str]:
    return [
        typed(competition_app, "download"),
        typed(competition_app, "describe"),
        typed(submissions_app, "check", file),
        typed(submissions_app, "submit", file, "--timeout", 1),
        typed(submissions_app, "scores"),
        typed(submissions_app, "scores", "--json", "--refresh"),
        typed(competition_app, "leaderboard"),
    ]


@pytest.mark.long
@pytest.mark.parametrize(
    ("faults", "credentials"),
    [
        *(("", credentials) for credentials in ("key", "token", "copied")),
        *((FAULTS, credentials) for credentials in ("key", "token", "two lines")),
    ],
)
def test_no_secret_is_said_logged_or_left(
    faults: str,
    credentials: str,
    chain: Chain,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The command lines make clients of their own, which would pause for a person's network.
    monkeypatch.setitem(KaggleClient.__init__.__kwdefaults__, "first_pause", 0.005)
    key = chain.server.key
    if credentials in ("token", "copied"):
        # As it comes from a web page.
        text = f"“\u200b{key}”\r\n" if credentials == "copied" else key
        monkeypatch.setenv("KAGGLE_API_TOKEN", text)
        monkeypatch.delenv("KAGGLE_KEY")
    elif credentials == "two lines":  # beside a good key
        monkeypatch.setenv("KAGGLE_API_TOKEN", f"{key}\n{key}\n")
    monkeypatch.setenv("NOTIFY", f"{chain.server.url}/services/{TOPIC}")
    caplog.set_level(logging.DEBUG)
    chain.server.plan(faults)
    file = chain.file(1)
    said = [text for _ in range(6 if faults else 1) for text in typed_chain(file)]
    assert len(chain.taken()) == 1, said  # it went the whole way, through all of the faults
    assert not any("Traceback" in text for text in said)
    assert any("NOTIFY was not told: its server answers 404" in text for text in said)

    secrets = [*chain.secrets(), base64.b64encode(f"you:{key}".encode()).decode(), "Bearer "]
    secrets.append(TOPIC)
    assert len(secrets) >= 4  # with at least one upload's token
    formatted = "\n".join(
        logging.Formatter().format(record) for record in caplog.records if record.exc_info
    )
    left = {
        path.name: path.read_bytes()
        for place in ("data", "runs", "home")
        for path in (chain.root / place).rglob("*")
        if path.is_file()
    }
    assert {"manifest.json", "podium.db"} <= left.keys()
    assert "urllib3" in caplog.text
    for secret in secrets:
        assert not [text for text in said if secret in text]
        assert secret not in caplog.text + formatted
        assert not [name for name, content in left.items() if secret.encode() in content]
