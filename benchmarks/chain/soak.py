"""The long run of the fault suite: tests/ with large counts. Writes docs/soak.md.

    python -m benchmarks.chain.soak

Everything runs against the practice Kaggle on this machine, with faults that it injects.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
SEQUENCES, KILLS, CSVS = 240, 50, 12_500  # of each of eight forms
COUNTS = {
    "PODIUM_TEST_SEQUENCES": SEQUENCES,
    "PODIUM_TEST_KILLS": KILLS,
    "PODIUM_TEST_CSVS": CSVS,
}
CHAIN = "tests/chain"
KERNELS = "tests/submissions/kernels"
PROBLEM = "tests/competition/problem"
SEARCH = "tests/pipelines/search"
# Of each test: its file, what it shows, and how many times one of its runs does so.
TESTS = {
    "test_any_sequence_of_faults_ends_right_or_in_a_sentence_and_then_right": (
        f"{CHAIN}/test_fault_sequences.py",
        "random fault sequences over download and submit",
        1,
    ),
    "test_no_spelling_of_a_description_leads_to_a_second_upload": (
        f"{CHAIN}/test_fault_sequences.py",
        "descriptions cut, altered or late, numbers given twice, a second account",
        1,
    ),
    "test_a_killed_submit_is_finished_by_the_next_one": (
        f"{CHAIN}/test_kills.py",
        "`kill -9` of `make submit`",
        1,
    ),
    "test_a_killed_download_is_finished_by_the_next_one": (
        f"{CHAIN}/test_kills.py",
        "`kill -9` of `make download`",
        1,
    ),
    "test_any_sequence_over_push_run_and_fetch_ends_right_or_in_a_sentence_and_then_right": (
        f"{KERNELS}/test_fault_sequences.py",
        "random fault sequences over a kernel's push, run and fetch",
        1,
    ),
    "test_any_sequence_to_a_submission_ends_right_or_in_a_sentence_and_then_right": (
        f"{KERNELS}/test_fault_sequences.py",
        "random fault sequences over a kernel's push, run and submission",
        1,
    ),
    "test_a_killed_kernel_is_finished_by_the_next_one": (
        f"{KERNELS}/test_kills.py",
        "`kill -9` of `make kernel`",
        1,
    ),
    "test_the_verdict_is_that_of_a_plain_reading": (
        f"{PROBLEM}/checking/test_checks.py",
        "malformed CSVs: `check` against a slow, plain reading",
        CSVS,
    ),
    "test_no_secret_is_said_logged_or_left": (
        f"{CHAIN}/test_secrets.py",
        "whole chains searched for keys, tokens and signed addresses",
        1,
    ),
    "test_killed_at_any_moment_the_same_command_goes_on": (
        f"{SEARCH}/test_command_line.py",
        "`kill -9` of `make tune`, twice, and then its end",
        1,
    ),
    "test_two_coordinators_share_a_study_and_repeat_nothing": (
        f"{SEARCH}/test_command_line.py",
        "two `make tune` on one study in PostgreSQL",
        1,
    ),
    "test_a_kernel_of_the_practice_kaggle_does_the_tuning": (
        "tests/app/test_rehearsal.py",
        "`make rehearse KERNEL=1`, scored by a notebook",
        1,
    ),
    "test_a_competition_goes_the_whole_way": (
        "tests/test_any_competition.py",
        "competitions of a TOML file each, to a score and by the official client",
        1,
    ),
}


@dataclass
class Result:
    """What one test came to over all of its runs."""

    runs: int = 0
    skipped: int = 0
    failures: int = 0
    seconds: float = 0.0
    ended: Counter[str] = field(default_factory=Counter)


def run_tests() -> dict[str, Result]:
    """Run the files beside each other, as they mostly wait, and return the results by name."""
    with tempfile.TemporaryDirectory() as folder:
        reports: dict[Path, subprocess.Popen[bytes]] = {}
        for file in dict.fromkeys(file for file, _, _ in TESTS.values()):
            report = Path(folder) / f"{file.replace('/', '-')}.xml"
            options = ["-o", "junit_family=xunit1", f"--junitxml={report}", "--timeout=3600"]
            options += ["--tb=short", "--show-capture=no", "-p", "no:cacheprovider"]
            command = [sys.executable, "-m", "pytest", *options, "-k", " or ".join(TESTS), file]
            counts = {name: str(count) for name, count in COUNTS.items()}
            reports[report] = subprocess.Popen(command, cwd=ROOT, env=os.environ | counts)
        for process in reports.values():
            process.wait()
        trees = [ElementTree.parse(report) for report in reports if report.is_file()]
        cases = [case for tree in trees for case in tree.getroot().iter("testcase")]
    results = {name: Result() for name in TESTS}
    for case in cases:
        result = results[case.attrib["name"].partition("[")[0]]
        skipped = case.find("skipped") is not None
        result.skipped += skipped
        result.runs += not skipped
        result.failures += any(case.find(kind) is not None for kind in ("failure", "error"))
        result.seconds += float(case.attrib["time"])
        result.ended.update(each.attrib["value"] for each in case.iter("property"))
    return results


def written(results: dict[str, Result]) -> str:
    """Return the page."""
    lines = [
        "# The fault suite's long run",
        "",
        f"`make soak` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, "
        f"Python {platform.python_version()}.",
        "",
        "| what | times | failures | seconds |",
        "|---|---:|---:|---:|",
    ]
    for name, result in results.items():
        _, what, each = TESTS[name]
        lines.append(
            f"| {what} | {result.runs * each:,} | {result.failures} | {result.seconds:.0f} |"
        )
    lines += ["", "How they ended, before the undisturbed run that put everything right:", ""]
    for name, result in results.items():
        if result.ended:
            ends = "; ".join(f"{end}: {count}" for end, count in result.ended.most_common())
            lines.append(f"- {TESTS[name][1]}: {ends}")
    return "\n".join([*lines, ""])


def main() -> None:
    results = run_tests()
    page = ROOT / "docs" / "soak.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(written(results), encoding="utf-8")
    print(page.read_text(encoding="utf-8"))
    if any(result.failures or not (result.runs or result.skipped) for result in results.values()):
        sys.exit("Something failed, or did not run: see above.")


if __name__ == "__main__":
    main()
