"""What computes a fit: the code of its pipeline, its libraries, Python, and a number format.

A configuration's key says what was asked. Its folds also bear their maker, so that those of two
makers (XGBoost upgraded in the middle, a worker with other code) are never joined silently.
"""

import ast
import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.base import Estimator

Maker = dict[str, str]

NUMBER_FORMAT = "number format"  # the entry that a fit alone knows, not who asked for it

_ROOT = Path(__file__).parents[2]
# The code that decides what a fit predicts; the rest of Podium moves predictions about.
_DECIDING = ("pipelines.models", "pipelines.features", "pipelines.networks", "pipelines.steps")
_WHOLE = "pipelines.networks"  # its parts choose one another while they run
_LIBRARIES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "pandas": "pandas",
    "sklearn": "scikit-learn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "catboost": "catboost",
    "skrub": "skrub",
    "cv2": "opencv-python-headless",
    "faiss": "faiss-cpu",
    "keras": "keras",
    "tensorflow": "tensorflow",
    "torch": "torch",
    "jax": "jax",
}


def maker_of(pipeline: str, rows: str, estimator: "Estimator | None" = None) -> Maker:
    """Return what computes a pipeline's fits in this process, nothing of it imported.

    Args:
        pipeline: Name of the pipeline.
        rows: The kind of rows that it takes.
        estimator: The fitted one; `number_format_`, where it has that, is what its network
            trained in.

    Example:
        >>> sorted(maker_of("logistic", "images"))
        ['code', 'numpy', 'opencv-python-headless', 'python', 'scikit-learn']
    """
    made = dict(_of_code(_ROOT, f"pipelines.models.{rows}.{pipeline}"))
    number_format = getattr(estimator, "number_format_", None)
    return made if number_format is None else made | {NUMBER_FORMAT: str(number_format)}


def unlike(first: Maker, second: Maker, *, formats: bool = True) -> str:
    """Return in words how two makers differ; empty where they do not.

    Args:
        first: One of them.
        second: The other.
        formats: Whether their number formats count.
    """
    names = sorted(first.keys() | second.keys())
    return ", ".join(
        f"{name} {first.get(name, 'none')} and {second.get(name, 'none')}"
        for name in names
        if first.get(name) != second.get(name) and (formats or name != NUMBER_FORMAT)
    )


@cache
def _of_code(root: Path, module: str) -> Maker:
    """Read the modules that a pipeline is made of, and return their digest and libraries."""
    digest, libraries = hashlib.sha256(), set()
    for name, tree in sorted(_modules(root, module).items()):
        libraries |= {_LIBRARIES[top] for top in _imported(tree, tops=True) if top in _LIBRARIES}
        _strip_docstrings(tree)
        digest.update(f"{name}\n{ast.unparse(tree)}\n".encode())
    made = {"python": ".".join(platform.python_version_tuple()[:2])}
    for library in sorted(libraries):
        try:
            made[library] = version(library)
        except PackageNotFoundError:
            continue
    return made | {"code": digest.hexdigest()[:12]}


def _modules(root: Path, module: str) -> dict[str, ast.Module]:
    """Return the modules that one is made of, itself included, by following its imports."""
    found: dict[str, ast.Module] = {}
    waiting = {module}
    while waiting:
        name = waiting.pop()
        path = root.joinpath(*name.split(".")).with_suffix(".py")
        if name in found or not name.startswith(_DECIDING) or not path.is_file():
            continue
        found[name] = ast.parse(path.read_bytes())
        waiting |= _imported(found[name])
        if name.startswith(_WHOLE):
            parts = root.joinpath(*_WHOLE.split(".")).rglob("*.py")
            waiting |= {".".join(each.relative_to(root).with_suffix("").parts) for each in parts}
    return found


def _imported(tree: ast.Module, *, tops: bool = False) -> set[str]:
    """Return the names that a module imports, or may; with `tops`, their first parts alone."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name.partition(".")[0] for name in names} if tops else names


def _strip_docstrings(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:] or [ast.Pass()]
