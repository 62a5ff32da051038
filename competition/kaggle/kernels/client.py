"""The calls about kernels: pushing one, how its run stands, its log, and what it leaves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from competition.kaggle.caller import KERNELS, Caller
from competition.kaggle.client import KaggleUnavailable, OutcomeUnknown
from competition.kaggle.errors import KaggleError, surely_not_sent
from competition.kaggle.kernels.replies import (
    Quota,
    RemoteKernel,
    RunOutput,
    RunStatus,
    lines_of,
)
from competition.kaggle.replies import RemoteStream, fields_of, items_of, stream_of, whole
from competition.kaggle.retry import Patience
from competition.spec import WEBSITE, Competition
from competition.terminal.printable import printable
from competition.workspace import Access

if TYPE_CHECKING:
    import requests

_END_OF_LOG = "END_OF_LOG"
_MACHINE = "NvidiaTeslaT4"  # two of them; other shapes are retired, or silently replaced
_NOT_THERE = (403, 404)
# What waiting helps against, of the refusals that a push gets with status 200.
_BUSY = "session count"
_SECONDS = 60.0  # for which a log may keep silent before the run's status is asked for again


class PushRefused(KaggleError):
    """Kaggle refused a push, in its own words, and nothing runs."""


class MachinesBusy(PushRefused):
    """As many sessions are under way as Kaggle allows at once."""


class SourceDropped(KaggleError):
    """The kernel runs, and without the competition's files."""


class KernelClient:
    """The kernels of one user, about one competition.

    Calls that read are tried again as those of `KaggleClient` are.

    Args:
        competition: Whose files the kernels get.
        access: Which Kaggle is called, and with whose credentials.
        timeout: Seconds to wait for a connection, and for each piece of an answer.
        patience: With calls that can be repeated.

    Raises:
        KaggleError: any call; the message says the next step.
    """

    def __init__(
        self,
        competition: Competition,
        access: Access,
        *,
        timeout: tuple[float, float] = (10, 60),
        patience: Patience | None = None,
    ) -> None:
        self._slug = competition.slug
        self.patience = patience or Patience()
        self._caller = Caller(competition, access, self.patience, timeout, KERNELS)

    @property
    def username(self) -> str:
        """Whose kernels these are.

        Raises:
            KaggleError: the credentials do not tell.
        """
        name = self._caller.username
        if not name:
            raise KaggleError(
                "Kaggle does not tell whose token this is, and a kernel needs an owner. Set "
                "KAGGLE_USERNAME to your name there."
            )
        return name

    def address_of(self, slug: str) -> str:
        """Return the page of a kernel."""
        return f"{WEBSITE}/code/{self.username}/{slug}"

    def quota(self) -> Quota | None:
        """Return the week's hours on GPUs; None where Kaggle does not tell."""
        try:
            reply = self._caller.read("GetAcceleratorQuotaStatistics", "asking for the GPU hours")
        except KaggleError as error:
            if error.status in (*_NOT_THERE, 501):
                return None
            raise
        told = reply.get("gpuQuota")
        if not isinstance(told, dict):
            return None
        return Quota.of(told)

    def push(
        self,
        slug: str,
        title: str,
        source: str,
        *,
        gpu: bool,
        seconds: int,
        kind: str = "script",
    ) -> int:
        """Save a private kernel and have it run; return its version. Never tried twice.

        Args:
            slug: Of the kernel: its title in lower case with dashes.
            title: That people read.
            source: The Python script, or a notebook's JSON.
            gpu: Whether on two T4s.
            seconds: After which Kaggle ends it: a run cannot be ended otherwise.
            kind: `script` or `notebook`.

        Raises:
            OutcomeUnknown: it may run: look it up before pushing again.
            PushRefused: Kaggle says why nothing runs.
            SourceDropped: it runs without the competition's files.
        """
        import requests

        doing, values = "pushing the kernel", self._pushed(slug, title, source, gpu, seconds)
        values["kernel_type"] = kind
        try:
            reply = self._caller.post("SaveKernel", **values)
        except requests.RequestException as error:
            failure = self._caller.translator.broken(error, doing)
            if not surely_not_sent(error):
                failure = _unknown(failure)
        else:
            if reply.ok:
                return self._version(reply)
            failure = self._caller.translator.refused(reply, doing)
            if isinstance(failure, KaggleUnavailable) or reply.history:
                failure = _unknown(failure)
        raise failure

    def _pushed(
        self, slug: str, title: str, source: str, gpu: bool, seconds: int
    ) -> dict[str, Any]:
        from kagglesdk.kernels.types.kernels_enums import KernelExecutionType

        machine = {"machine_shape": _MACHINE} if gpu else {}
        return machine | {
            "slug": f"{self.username}/{slug}",
            "new_title": title,
            "text": source,
            "language": "python",
            "kernel_type": "script",
            "is_private": True,
            "enable_gpu": gpu,
            "enable_internet": False,
            "competition_data_sources": [self._slug],
            "session_timeout_seconds": seconds,
            "kernel_execution_type": KernelExecutionType.SAVE_AND_RUN_ALL,
        }

    def _version(self, reply: "requests.Response") -> int:
        """Return the version that a reply with status 200 tells, which may hold a refusal."""
        import requests

        clean, server = self._caller.translator.clean, self._caller.translator.server
        try:
            fields = fields_of(reply)
        except requests.RequestException:
            fields = {}
        if said := clean(str(fields.get("error") or "")).rstrip("."):
            kind = MachinesBusy if _BUSY in said.lower() else PushRefused
            raise kind(f"{server} did not take the kernel: {said}. {_next_step(said)}")
        version = whole(fields.get("versionNumber"))
        if version < 1:
            raise _unknown(KaggleUnavailable(f"{server} gave the kernel no version."))
        dropped = fields.get("invalidCompetitionSources")
        if dropped:
            raise SourceDropped(
                f"{server} runs version {version} of the kernel without the files of "
                f"{self._slug}. Accept its rules, and look whether it lets kernels use its files."
            )
        return version

    def find(self, slug: str) -> RemoteKernel | None:
        """Return a kernel with its newest version's source; None where there is no such kernel."""
        try:
            reply = self._caller.read(
                "GetKernel", "looking for the kernel", **self._named(slug, None)
            )
        except KaggleError as error:
            if error.status in _NOT_THERE:
                return None
            raise
        metadata, blob = reply.get("metadata"), reply.get("blob")
        if not isinstance(metadata, dict) or not isinstance(blob, dict):
            return None
        return RemoteKernel(
            whole(metadata.get("currentVersionNumber")), str(blob.get("source") or "")
        )

    def status(self, slug: str, version: int) -> RunStatus:
        """Return how the run of a version stands."""
        doing = "asking how the kernel stands"
        reply = self._caller.read("GetKernelSessionStatus", doing, **self._named(slug, version))
        failure = self._caller.translator.clean(str(reply.get("failureMessage") or ""))
        # A status that is missing is the enum's first value.
        return RunStatus(printable(str(reply.get("status") or "queued")).lower(), failure)

    def output(self, slug: str, version: int) -> RunOutput:
        """Return what the run of a version left."""
        files: dict[str, str] = {}
        log, token = "", ""
        while True:
            reply = self._caller.read(
                "ListKernelSessionOutput",
                "listing what the kernel left",
                page_token=token or None,
                **self._named(slug, version),
            )
            for item in items_of(reply, "files"):
                files[str(item.get("fileName") or "")] = str(item.get("url") or "")
            log = log or "\n".join(lines_of(str(reply.get("log") or "")))
            before, token = token, str(reply.get("nextPageToken") or "")
            if not token or token == before:
                return RunOutput(files, log)

    def log_lines(self, slug: str) -> Iterator[str]:
        """Yield what the newest run writes to stdout, from its start, as long as it speaks.

        It ends with the run, and also where the connection breaks or is silent for a minute.
        """
        import requests

        try:
            reply = self._caller.transport.follow(
                f"v1/kernels/logs/stream/{self.username}/{slug}", _SECONDS
            )
            with reply:
                if not reply.ok:
                    return
                reply.encoding = "utf-8"  # for text, requests would guess an older one
                if not reply.headers.get("Content-Type", "").startswith("text/event-stream"):
                    yield from lines_of(reply.text, errors=False)
                    return
                for line in reply.iter_lines(decode_unicode=True):
                    said = line.removeprefix("data:").strip()
                    if said == _END_OF_LOG:
                        return
                    if line.startswith("data:"):
                        yield from lines_of(f"[{said}]", errors=False)
        except requests.RequestException:
            return

    @contextmanager
    def open_file(self, address: str) -> Iterator[RemoteStream]:
        """Open a file that a run left for reading, once."""
        import requests

        doing = "fetching what the kernel left"
        try:
            reply = self._caller.transport.storage.get(address, stream=True)
            failure = None if reply.ok else self._caller.translator.refused(reply, doing)
        except requests.RequestException as error:
            failure = self._caller.translator.broken(error, doing)
        if failure is not None:
            raise failure
        with reply:
            yield stream_of(reply, lambda error: self._caller.translator.broken(error, doing))

    def _named(self, slug: str, version: int | None) -> dict[str, Any]:
        label = {} if version is None else {"version_label": f"v{version}"}
        return {"user_name": self.username, "kernel_slug": slug} | label


def _next_step(said: str) -> str:
    if "quota" in said.lower():
        return "Wait until the week is over, or run it without a GPU."
    return "Run the same command again when that is settled."


def _unknown(failure: KaggleError) -> OutcomeUnknown:
    unknown = OutcomeUnknown(f"{failure} The kernel may run nevertheless.")
    unknown.status, unknown.retry_after = failure.status, failure.retry_after
    return unknown
