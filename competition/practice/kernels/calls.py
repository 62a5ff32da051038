"""The calls of Kaggle's API about kernels, answered from a folder on this machine."""

import json
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from competition.practice.kernels.log import read_log
from competition.practice.kernels.machine import Fate, Machine
from competition.practice.kernels.state import (
    CANCELLED,
    COMPLETE,
    ERROR,
    QUEUED,
    Version,
    Versions,
)
from competition.practice.serving.replies import Refusal, page_of, whole_number
from competition.practice.serving.state import iso

# What faults tell the calls, as fields that no client sends.
QUEUE_SECONDS = "practice.queue_seconds"
PUSH_REFUSED = "practice.push_refused"
SOURCE_DROPPED = "practice.source_dropped"
RUN_FAILS = "practice.run_fails"
RUN_CANCELLED = "practice.run_cancelled"
OLD_VERSION = "practice.old_version"
OUTPUT_CUT = "practice.output_cut"
LOG_EMPTY = "practice.log_empty"
TOLD = (
    *(QUEUE_SECONDS, PUSH_REFUSED, SOURCE_DROPPED, RUN_FAILS, RUN_CANCELLED),
    *(OLD_VERSION, OUTPUT_CUT, LOG_EMPTY),
)

_MOST_SECONDS = 12 * 3600
_MOST_BYTES = 1 << 20
_GPU_HOURS = 30
_WEEK = 7 * 24 * 3600
_FIRST_SATURDAY = 2 * 24 * 3600  # since 1970; hours are renewed on Saturdays at midnight UTC
_SESSIONS = {True: ("GPU", 2), False: ("CPU", 5)}
_BUSY = "Maximum batch {} session count of {} reached."
_USED_UP = f"Maximum weekly GPU quota of {_GPU_HOURS:.2f} hours reached."
_REFUSALS = (_BUSY.format("CPU", 5), _BUSY.format("GPU", 2), _USED_UP, "Notebook not found")


class KernelCalls:
    """Answers every call about kernels; safe to use from several threads.

    Args:
        folder: The practice Kaggle's; kernels are kept below it.
        public: Where the files of the competition are.
        slug: The competition's.
        files: Their names.
        username: Whose kernels these are.
    """

    def __init__(
        self, folder: Path, public: Path, slug: str, files: tuple[str, ...], username: str
    ) -> None:
        self._slug, self._username = slug, username
        self.versions = Versions(folder / "kernels")
        self.machine = Machine(folder / "kernels", public, slug, files, self.versions)
        self._pushing = threading.Lock()
        self._methods: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "SaveKernel": self._save,
            "GetKernelSessionStatus": self._status,
            "ListKernelSessionOutput": self._list_output,
            "GetKernel": self._get,
            "ListKernelFiles": self._list_files,
            "ListKernels": self._list,
            "DeleteKernel": self._delete,
            "GetAcceleratorQuotaStatistics": self._quota,
        }

    def answer(self, method: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Carry out one call.

        Args:
            method: Kaggle's name of it.
            fields: The request's JSON. In the reply, a file's `path` stands for an address that
                is to be signed.

        Raises:
            Refusal: the call is refused.
        """
        if method not in self._methods:
            raise Refusal(501, f"Method {method} is not implemented by this practice Kaggle")
        return self._methods[method](fields)

    def output_file(self, slug: str, label: str, name: str) -> Path | None:
        """Return the path of a file that a run left; None where it left no such file."""
        version = self.versions.get(slug, int(label)) if label.isdigit() else None
        return self.machine.outputs(version).get(name) if version else None

    def submitted(self, fields: dict[str, Any]) -> Version:
        """Return the version that a submission is of.

        Raises:
            Refusal: there is none, or it cannot be submitted.
        """
        number, slug = fields.get("kernelVersion"), str(fields.get("kernelSlug") or "")
        version = self.versions.get(slug, number) if isinstance(number, int) else None
        if version is None or fields.get("kernelOwner") not in ("", None, self._username):
            raise Refusal(404, f"Notebook '{slug}' has no version {number}")
        if version.status != COMPLETE:
            raise Refusal(400, "Submission not allowed: Your Notebook has not run successfully")
        if version.internet:
            raise Refusal(
                400,
                "Submission not allowed: Your Notebook cannot use internet access in this "
                "competition. Please disable internet in the Notebook editor.",
            )
        if str(fields.get("fileName") or "") not in self.machine.outputs(version):
            raise Refusal(
                400, "Submission not allowed: Your Notebook did not output a file of this name"
            )
        return version

    # ------------------------------------------------------------------ pushing

    def _save(self, fields: dict[str, Any]) -> dict[str, Any]:
        if (number := fields.get(PUSH_REFUSED)) is not None:
            return {"error": _REFUSALS[int(number) % len(_REFUSALS)]}
        owner, _, slug = str(fields.get("slug") or "").rpartition("/")
        title, source = str(fields.get("newTitle") or slug), str(fields.get("text") or "")
        kind, gpu = str(fields.get("kernelType") or "script"), _is_on_gpu(fields)
        if owner not in ("", self._username) or not slug:
            return {"error": "Notebook not found"}
        if len(title) < 5 or slug_of(title) != slug:
            return {"error": "The title must have five characters or more, and give the slug"}
        if (
            len(source.encode()) > _MOST_BYTES
            or str(fields.get("language") or "python") != "python"
        ):
            return {"error": "The source must be Python, and at most 1 MB"}
        asked = [str(each) for each in fields.get("competitionDataSources") or []]
        known = [self._slug] if self._slug in asked and not fields.get(SOURCE_DROPPED) else []
        seconds = whole_number(fields, "sessionTimeoutSeconds", _MOST_SECONDS)
        fate = Fate(float(fields.get(QUEUE_SECONDS) or 0.0), _end_of(fields))
        with self._pushing:
            if refused := self._refused(gpu):
                return {"error": refused}
            before = self.versions.get(slug)
            version = Version(
                slug=slug,
                version=1 if before is None else before.version + 1,
                title=title,
                source=source,
                kind=kind,
                gpu=gpu,
                internet=bool(fields.get("enableInternet")),
                sources=tuple(known),
                seconds=float(min(seconds, _MOST_SECONDS)),
                created=time.time(),
                status=QUEUED,
            )
            self.versions.add(version)
        self.machine.start(version, fate)
        return {
            "ref": f"/code/{self._username}/{slug}",
            "url": f"https://www.kaggle.com/code/{self._username}/{slug}",
            "versionNumber": version.version,
            "kernelId": _number_of(slug),
            "invalidCompetitionSources": [each for each in asked if each not in known],
            # Of these it has none at all.
            "invalidDatasetSources": fields.get("datasetDataSources") or [],
            "invalidKernelSources": fields.get("kernelDataSources") or [],
            "invalidModelSources": fields.get("modelDataSources") or [],
        }

    def _refused(self, gpu: bool) -> str:
        """Return why no further session may start; empty where one may."""
        name, most = _SESSIONS[gpu]
        if sum(each.under_way and each.gpu == gpu for each in self.versions.all()) >= most:
            return _BUSY.format(name, most)
        used, reserved = self._gpu_seconds()
        return _USED_UP if gpu and used + reserved >= _GPU_HOURS * 3600 else ""

    def _gpu_seconds(self) -> tuple[float, float]:
        """Return the seconds on GPUs that the week's ended runs took, and that others may take."""
        since = _week_of(time.time())
        on_gpu = [each for each in self.versions.all() if each.gpu]
        used = sum(
            each.ended - each.started
            for each in on_gpu
            if each.started and each.ended and each.ended >= since
        )
        return used, sum(each.seconds for each in on_gpu if each.under_way)

    # ------------------------------------------------------------------ reading

    def _named(self, fields: dict[str, Any]) -> Version:
        """Return the version that a call is about, the newest where it names none."""
        slug, label = str(fields.get("kernelSlug") or ""), str(fields.get("versionLabel") or "")
        number = re.fullmatch(r"v(\d+)", label)
        owner = str(fields.get("userName") or "")
        found = self.versions.get(slug, int(number[1]) if number else None)
        if found is None or owner != self._username or (label and not number):
            raise Refusal(404, f"Kernel '{owner}/{slug}' was not found")
        return found

    def _status(self, fields: dict[str, Any]) -> dict[str, Any]:
        version = self._named(fields)
        if fields.get(OLD_VERSION) and version.version > 1:
            version = self.versions.get(version.slug, version.version - 1) or version
        return {"status": version.status}

    def _list_output(self, fields: dict[str, Any]) -> dict[str, Any]:
        version = self._named(fields)
        names = [] if version.under_way else list(self.machine.outputs(version))
        if fields.get(OUTPUT_CUT):
            names = names[: len(names) // 2]
        files = [
            {"fileName": name, "path": f"/output/{version.slug}/{version.version}/{name}"}
            for name in names
        ]
        reply = page_of("files", files, fields)
        if not version.under_way and not fields.get(LOG_EMPTY):
            reply["log"] = json.dumps(self.log(version))
        return reply

    def _get(self, fields: dict[str, Any]) -> dict[str, Any]:
        version = self._named(fields)
        newest = self.versions.get(version.slug) or version
        blob = {
            "source": version.source,
            "language": "python",
            "kernelType": version.kind,
            "slug": version.slug,
        }
        about = self._about(version) | {"currentVersionNumber": newest.version}
        return {"metadata": about, "blob": blob}

    def _about(self, version: Version) -> dict[str, Any]:
        return {
            "id": _number_of(version.slug),
            "ref": f"{self._username}/{version.slug}",
            "title": version.title,
            "author": self._username,
            "slug": version.slug,
            "lastRunTime": iso(version.created),
            "language": "python",
            "kernelType": version.kind,
            "isPrivate": True,
            "enableGpu": version.gpu,
            "enableInternet": version.internet,
            "competitionDataSources": list(version.sources),
        }

    def _list_files(self, fields: dict[str, Any]) -> dict[str, Any]:
        version = self._named(fields)
        made = iso(version.ended or version.created)
        left = {} if version.under_way else self.machine.outputs(version)
        files = [
            {"name": name, "size": path.stat().st_size, "creationDate": made}
            for name, path in left.items()
        ]
        return page_of("files", files, fields)

    def _list(self, fields: dict[str, Any]) -> dict[str, Any]:
        newest: dict[str, Version] = {}
        for version in self.versions.all():
            newest.setdefault(version.slug, version)
        sought = str(fields.get("search") or "").lower()
        found = [each for each in newest.values() if sought in each.title.lower()]
        return page_of("kernels", [self._about(version) for version in found], fields)

    def _delete(self, fields: dict[str, Any]) -> dict[str, Any]:
        slug = self._named(fields).slug
        for version in self.versions.all():
            if version.slug == slug:
                self.machine.delete(version)
        self.versions.delete(slug)
        return {}

    def _quota(self, _: dict[str, Any]) -> dict[str, Any]:
        used, reserved = self._gpu_seconds()
        gpu = {"timeUsed": used, "timeReserved": reserved, "totalTimeAllowed": _GPU_HOURS * 3600}
        return {
            "quotaRefreshTime": iso(_week_of(time.time()) + _WEEK),
            "gpuQuota": {name: f"{seconds:.0f}s" for name, seconds in gpu.items()},
            "tpuQuota": dict.fromkeys(gpu, "0s"),
        }

    # ------------------------------------------------------------------ logs

    def newest(self, owner: str, slug: str) -> Version | None:
        """Return the newest version of a kernel; None where there is none."""
        return self.versions.get(slug) if owner == self._username else None

    def log(self, version: Version) -> list[dict[str, Any]]:
        """Return what a run has said so far."""
        return read_log(self.machine.log_of(version))[0]

    def log_since(self, version: Version, start: int) -> tuple[list[dict[str, Any]], int, bool]:
        """Return what a run has said since so many bytes, the bytes by now, and whether it goes on.

        It no longer goes on where it has ended, was deleted, or this server stops.
        """
        # Asked for first, so that what is said last is not missed.
        now = self.versions.get(version.slug, version.version)
        goes_on = now is not None and now.under_way and not self.machine.stopped
        entries, end = read_log(self.machine.log_of(version), start)
        return entries, end, goes_on


def slug_of(title: str) -> str:
    """Return the slug of a title: in lower case, with dashes."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _is_on_gpu(fields: dict[str, Any]) -> bool:
    """Tell whether a push asks for a GPU: a machine's name, where there is one, decides."""
    shape = str(fields.get("machineShape") or "")
    return shape.startswith("Nvidia") if shape else bool(fields.get("enableGpu"))


def _end_of(fields: dict[str, Any]) -> str:
    if fields.get(RUN_FAILS):
        return ERROR
    return CANCELLED if fields.get(RUN_CANCELLED) else ""


def _week_of(now: float) -> float:
    """Return when the week of a moment began, in seconds since 1970."""
    return now - (now - _FIRST_SATURDAY) % _WEEK


def _number_of(slug: str) -> int:
    return 1 + sum(map(ord, slug))
