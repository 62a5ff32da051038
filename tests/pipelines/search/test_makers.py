"""What computes a fit is told apart where it matters, and only there."""

from pathlib import Path

import pytest

from pipelines.search import makers
from pipelines.search.makers import NUMBER_FORMAT, maker_of, unlike

MODEL = '''"""A model."""
import xgboost
from pipelines.features.images.edges import edges

def build(depth):
    """Return a model."""
    import faiss
    return depth + 1
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("models/images", "features/images", "search"):
        (tmp_path / "pipelines" / folder).mkdir(parents=True)
    (tmp_path / "pipelines/models/images/trees.py").write_text(MODEL)
    (tmp_path / "pipelines/features/images/edges.py").write_text(
        "import cv2\nfrom pipelines.search import store\nedges = cv2\n"
    )
    (tmp_path / "pipelines/features/images/other.py").write_text("x = 1\n")
    (tmp_path / "pipelines/search/store.py").write_text("y = 1\n")
    return tmp_path


def made(root: Path) -> dict[str, str]:
    makers._of_code.cache_clear()
    return makers._of_code(root, "pipelines.models.images.trees")


def test_the_code_that_decides_is_told_apart_and_words_about_it_are_not(root: Path) -> None:
    before = made(root)
    model = root / "pipelines/models/images/trees.py"
    model.write_text(MODEL.replace("A model", "One").replace("import faiss", "import faiss  # x"))
    (root / "pipelines/features/images/other.py").write_text("x = 2\n")
    (root / "pipelines/search/store.py").write_text("y = 2\n")
    assert made(root) == before
    model.write_text(MODEL.replace("depth + 1", "depth + 2"))
    assert unlike(made(root), before).startswith("code ")
    model.write_text(MODEL)
    (root / "pipelines/features/images/edges.py").write_text("import cv2\nedges = None\n")
    assert unlike(made(root), before).startswith("code ")


def test_a_network_is_made_of_all_parts_of_networks(root: Path) -> None:
    loop = root / "pipelines/networks/training/loop.py"  # imported by none, in a folder below
    loop.parent.mkdir(parents=True)
    loop.write_text("x = 1\n")
    (root / "pipelines/networks/classifier.py").write_text("y = 1\n")
    model = root / "pipelines/models/images/trees.py"
    model.write_text(f"{MODEL}    from pipelines.networks.classifier import y\n")
    before = made(root)
    loop.write_text("x = 2\n")
    assert unlike(made(root), before).startswith("code ")


def test_the_libraries_are_those_that_the_code_imports(root: Path) -> None:
    assert set(made(root)) == {
        "code",
        "python",
        "xgboost",
        "faiss-cpu",
        "opencv-python-headless",
    }
    assert "tensorflow" in maker_of("cnn", "images")
    assert "tensorflow" not in maker_of("logistic", "images")


def test_number_formats_count_between_folds_and_not_before_a_fit() -> None:
    class Network:
        number_format_ = "mixed_bfloat16"

    asked, fitted = maker_of("cnn", "images"), maker_of("cnn", "images", Network())  # type: ignore[arg-type]
    assert fitted[NUMBER_FORMAT] == "mixed_bfloat16"
    assert unlike(asked, fitted, formats=False) == ""
    assert unlike(asked, fitted) == "number format none and mixed_bfloat16"
