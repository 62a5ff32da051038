"""The calls of Kaggle's competition API, answered from a folder on this machine."""

import html
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from competition.practice.holdout import (
    HIDDEN_FILE,
    PUBLIC_FOLDER,
    RERUN_FOLDER,
    SPEC_FILE,
)
from competition.practice.scoring import Malformed, Solution, unpacked
from competition.practice.serving.replies import (
    Answer,
    Body,
    Redirect,
    Refusal,
    page_of,
    page_size,
    whole_number,
)
from competition.practice.serving.standings import Standings
from competition.practice.serving.state import State, Submission, iso
from competition.spec import WEBSITE, available_competitions, load_competition

if TYPE_CHECKING:
    from competition.practice.kernels.calls import KernelCalls

# What faults tell the calls, as fields that no client sends.
PENDING_FOR_EVER = "practice.pending_for_ever"
LAG_SECONDS = "practice.lag_seconds"
DESCRIPTION_LENGTH = "practice.description_length"
DESCRIPTION_ALTERED = "practice.description_altered"
DESCRIPTION_SECONDS = "practice.description_seconds"
TOLD = (
    PENDING_FOR_EVER,
    LAG_SECONDS,
    DESCRIPTION_LENGTH,
    DESCRIPTION_ALTERED,
    DESCRIPTION_SECONDS,
)
_MOST_BYTES = 200 << 20
_SUBMISSION = "submission-"
_NOTEBOOKS_ONLY = "Submission not allowed: This competition only accepts Submissions from Notebooks"
_ALTERATIONS: tuple[Callable[[str], str], ...] = (
    str.upper,
    html.escape,
    lambda text: text.replace("[", "").replace("]", ":"),
    lambda text: text.replace(" ", "_"),
    lambda text: f"by API: {text} (API)",
    lambda text: text[::-1],
    lambda _: "",
)


class Calls:
    """Answers every call of one competition; safe to use from several threads.

    Args:
        folder: As `holdout.prepare` left it; the state is kept beside.
        username: The team's name on the leaderboard.
        delay: Seconds until a submission is scored.
        rules_accepted: When false, every call about the competition is answered 403.
        kernels: Runs what is submitted as a version of a kernel; None where nothing is.
    """

    def __init__(
        self,
        folder: Path,
        username: str,
        delay: float = 1.0,
        rules_accepted: bool = True,
        kernels: "KernelCalls | None" = None,
    ) -> None:
        self.competition = load_competition(str(folder / SPEC_FILE))
        self.state = State(folder)
        self.state.end_reruns()
        self._kernels = kernels
        self._rerun = folder / (RERUN_FOLDER if self.competition.notebooks_only else PUBLIC_FOLDER)
        self._username = username
        self._delay = delay
        self._rules_accepted = rules_accepted
        self._public = folder / PUBLIC_FOLDER
        self._solution = Solution.read(folder / HIDDEN_FILE, self.competition)
        self._standings = Standings(
            folder,
            self.state,
            username,
            greater_is_better=self._solution.problem.greater_is_better,
        )
        # Between asking for the allowance and using it nobody else may.
        self._submitting = threading.Lock()
        self._methods: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "GetCompetition": self._get_competition,
            "ListDataFiles": self._list_data_files,
            "DownloadDataFiles": self._download_data_files,
            "DownloadDataFile": self._download_data_file,
            "StartSubmissionUpload": self._start_submission_upload,
            "CreateSubmission": self._create_submission,
            "CreateCodeSubmission": self._create_code_submission,
            "ListSubmissions": self._list_submissions,
            "GetSubmissionLimits": self._get_submission_limits,
            "GetLeaderboard": self._get_leaderboard,
            "DownloadLeaderboard": self._download_leaderboard,
        }

    def answer(self, method: str, fields: dict[str, Any]) -> Answer:
        """Carry out one call.

        Args:
            method: Kaggle's name of it.
            fields: The request's JSON.

        Raises:
            Refusal: the call is refused.
        """
        if method == "ListCompetitions":
            return self._list_competitions(fields)
        if method == "DownloadSubmission":
            return self._download_submission(fields)
        if method not in self._methods:
            raise Refusal(501, f"Method {method} is not implemented by this practice Kaggle")
        name = str(fields.get("competitionName") or "")
        if name != self.competition.slug:
            if name in available_competitions():
                raise Refusal(403, "Permission 'competitions.participate' was denied")
            raise Refusal(404, f"Competition '{name}' was not found")
        if not self._rules_accepted:
            raise Refusal(403, "You must accept this competition's rules: RulesAcceptanceRequired")
        return self._methods[method](fields)

    def public_file(self, name: str) -> Path | None:
        """Return the path of a file that is served; None for any other name."""
        if name.startswith(_SUBMISSION):
            path = self.state.submitted_path(int(name.removeprefix(_SUBMISSION)))
            return path if path is not None and path.is_file() else None
        served = {*self.competition.files, f"{self.competition.slug}.zip"}
        return self._public / name if name in served else None

    def _get_competition(self, _: dict[str, Any]) -> Answer:
        return self._about()

    def _about(self) -> dict[str, Any]:
        spec = self.competition
        return {
            "id": 1,
            "ref": spec.url,
            "url": spec.url,
            "title": spec.title,
            "category": "Getting Started",
            "reward": "Knowledge",
            "deadline": "2030-01-01T00:00:00Z",
            "teamCount": len(self._standings.rows()),
            "userHasEntered": self._rules_accepted,
            "maxDailySubmissions": spec.daily_submissions,
            "evaluationMetric": spec.metric,
            "isKernelsSubmissionsOnly": spec.notebooks_only,
            "hostName": WEBSITE,
        }

    def _list_competitions(self, fields: dict[str, Any]) -> Answer:
        spec = self.competition
        sought = str(fields.get("search") or "").lower()
        found = sought in spec.slug or sought in spec.title.lower()
        return {"competitions": [self._about()] if found else []}

    def _list_data_files(self, fields: dict[str, Any]) -> Answer:
        files = []
        for name in sorted(self.competition.files):
            status = (self._public / name).stat()
            made = iso(status.st_mtime)
            files.append(
                {"name": name, "ref": name, "totalBytes": status.st_size, "creationDate": made}
            )
        return page_of("files", files, fields)

    def _download_data_files(self, _: dict[str, Any]) -> Answer:
        return Redirect(f"{self.competition.slug}.zip")

    def _download_data_file(self, fields: dict[str, Any]) -> Answer:
        name = str(fields.get("fileName") or "")
        if name not in self.competition.files:
            raise Refusal(404, f"File '{name}' was not found")
        return Redirect(name)

    def _download_submission(self, fields: dict[str, Any]) -> Answer:
        ref = whole_number(fields, "submissionId", 0)
        if self.state.submitted_path(ref) is None:
            raise Refusal(404, f"Submission {ref} was not found")
        return Redirect(f"{_SUBMISSION}{ref}")

    def _start_submission_upload(self, fields: dict[str, Any]) -> Answer:
        name, size = str(fields.get("fileName") or ""), whole_number(fields, "contentLength", 0)
        if not name or Path(name).name != name:
            raise Refusal(400, "fileName must be a plain file name")
        if size > _MOST_BYTES:
            raise Refusal(400, f"contentLength must be at most {_MOST_BYTES} bytes")
        upload = self.state.announce(name, size)
        return {"token": upload.token, "uploadId": upload.id}

    def _create_submission(self, fields: dict[str, Any]) -> Answer:
        if self.competition.notebooks_only:
            raise Refusal(400, _NOTEBOOKS_ONLY)
        upload = self.state.upload(token=str(fields.get("blobFileTokens") or "-"))
        path = self.state.content_path(upload) if upload else None
        if upload is None or path is None or not path.is_file():
            raise Refusal(400, "Submission not allowed: the blob token has no uploaded file")
        outcome = self._outcome_of(path)
        with self._submitting:
            self._check_allowance()
            description = _as_kept(str(fields.get("submissionDescription") or ""), fields)
            ref = self.state.submit(upload, description, outcome, self._delay_of(fields))
        return {"message": f"Successfully submitted to {self.competition.title}", "ref": ref}

    def _create_code_submission(self, fields: dict[str, Any]) -> Answer:
        if self._kernels is None:
            raise Refusal(400, "Submission not allowed: This competition runs no Notebooks")
        version = self._kernels.submitted(fields)
        name, delay = str(fields.get("fileName") or ""), self._delay_of(fields)
        with self._submitting:
            self._check_allowance()
            description = _as_kept(str(fields.get("submissionDescription") or ""), fields)
            upload = self.state.announce(name, 0)
            ref = self.state.submit_rerun(upload, description)

        def settle(left: Path | None) -> None:
            outcome: tuple[float, float] | str = "Notebook Threw Exception"
            if left is not None:
                outcome = "Submission File Not Found"
                if (left / name).is_file():
                    kept = shutil.copyfile(left / name, self.state.content_path(upload))
                    outcome = self._outcome_of(kept)
            self.state.settle(ref, outcome, delay)

        self._kernels.machine.rerun(version, ref, self._rerun, settle)
        return {"message": f"Successfully submitted to {self.competition.title}", "ref": ref}

    def _outcome_of(self, path: Path) -> tuple[float, float] | str:
        """Return what a file is worth, or why it has no score."""
        try:
            return self._solution.score(unpacked(path.read_bytes()))
        except Malformed as reason:
            return f"Evaluation Exception: {reason}"

    def _delay_of(self, fields: dict[str, Any]) -> float | None:
        return None if fields.get(PENDING_FOR_EVER) else self._delay

    def _check_allowance(self) -> None:
        daily = self.competition.daily_submissions
        if self.state.counts()[0] >= daily:
            hours = 24 - int(time.time() / 3600) % 24
            raise Refusal(
                400,
                "Submission not allowed: Your team has used its daily Submission allowance "
                f"({daily}) today, please try again tomorrow UTC ({hours} hours from now).",
            )

    def _list_submissions(self, fields: dict[str, Any]) -> Answer:
        size = page_size(fields)
        token = str(fields.get("pageToken") or "")
        before = int(token) if token.isdigit() else None
        page = whole_number(fields, "page", 1)
        until = time.time() - (fields.get(LAG_SECONDS) or 0)
        found = self.state.submissions(before, size * page + 1, until)[size * (page - 1) :]
        items = [self._item(each) for each in found[:size]]
        described_until = time.time() - (fields.get(DESCRIPTION_SECONDS) or 0)
        for item, each in zip(items, found, strict=False):
            if each.created > described_until:
                item["description"] = ""
        reply: dict[str, Any] = {"submissions": items}
        if len(found) > size:
            reply["nextPageToken"] = str(found[size - 1].ref)
        return reply

    def _item(self, each: Submission) -> dict[str, Any]:
        item = {
            "ref": each.ref,
            "fileName": each.file_name,
            "totalBytes": each.size,
            "date": iso(each.created),
            "description": each.description,
            "status": each.status,
            "submittedBy": self._username,
            "teamName": self._username,
            "url": f"{self.competition.url}/submissions",
            "publicScore": "",
            "privateScore": "",
        }
        if each.status == "COMPLETE":
            item |= {"publicScore": f"{each.public:.5f}", "privateScore": f"{each.private:.5f}"}
        elif each.status == "ERROR":
            item["errorDescription"] = each.error
        return item

    def _get_submission_limits(self, fields: dict[str, Any]) -> Answer:
        today, total = self.state.counts(time.time() - (fields.get(LAG_SECONDS) or 0))
        left = max(0, self.competition.daily_submissions - today)
        return {"numToday": today, "numTotal": total, "numAllowedNow": left}

    def _get_leaderboard(self, fields: dict[str, Any]) -> Answer:
        return page_of("submissions", self._standings.rows(), fields)

    def _download_leaderboard(self, _: dict[str, Any]) -> Answer:
        return Body(self._standings.packed(self.competition.slug))


def _as_kept(description: str, fields: dict[str, Any]) -> str:
    """Return what a server keeps of a description that it cuts or alters."""
    if (number := fields.get(DESCRIPTION_ALTERED)) is not None:
        description = _ALTERATIONS[int(number) % len(_ALTERATIONS)](description)
    length = fields.get(DESCRIPTION_LENGTH)
    return description if length is None else description[: int(length)]
