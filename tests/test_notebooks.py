"""The notebooks of the docs run from top to bottom; with a kernel of Jupyter's, in `.ci/wheel`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Runs each cell and shows its last expression, as a notebook does. What starts further processes
# must not be a file that these would run again.
RUN = """
import ast, json, sys
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    if cell["cell_type"] != "code":
        continue
    tree = ast.parse("".join(cell["source"]))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), globals())
    if last is not None:
        shown = eval(compile(ast.Expression(last.value), "cell", "eval"), globals())
        print(shown)
        getattr(shown, "_repr_html_", lambda: None)()
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["table", "images"])
def test_a_notebook_runs_from_top_to_bottom(name: str, tmp_path: Path) -> None:
    notebook = tmp_path / "notebook.ipynb"
    text = (ROOT / "docs" / f"{name}.ipynb").read_text(encoding="utf-8")
    notebook.write_text(text.replace('budget=\\"30s\\"', 'budget=\\"5s\\"'), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(notebook)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "submission.csv").is_file()
    cells = json.loads(text)["cells"]
    assert not [cell for cell in cells if "Error" in json.dumps(cell.get("outputs", []))]
