"""Scripts that tune: workers import them, so they need a guard."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUNE = "podium.open('wine').tune('linear', budget='1s')"


def run(source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    script = folder / "mine.py"
    script.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nimport podium\n{source}\n")
    command = [sys.executable, script.name]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_script_without_a_guard_is_told_before_anything_is_fitted(tmp_path: Path) -> None:
    done = run(TUNE, tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "mine.py would be run again by each worker process" in last
    assert last.endswith('if __name__ == "__main__":')
    assert not (tmp_path / "runs" / "wine" / "predictions").exists()


@pytest.mark.long
def test_a_script_with_a_guard_tunes(tmp_path: Path) -> None:
    done = run(f"if __name__ == '__main__':\n    {TUNE}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "linear" in done.stdout
