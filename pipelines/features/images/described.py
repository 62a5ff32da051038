"""What a pipeline sees of an image, by the name that its search space has for it."""

from pipelines.features.feature_store import Transformer
from pipelines.features.images.flatten import PreparedPixels
from pipelines.features.images.gradients import GRIDS, GradientHistograms
from pipelines.parameters import chosen

_PIXELS = "pixels"
FEATURES = (_PIXELS, *GRIDS)
_ORIENTATIONS = 8


def described(features: str, *, upright: bool, blur: float = 0.0) -> Transformer:
    """Return the transformer to rows of pixels, or of gradients on the grids of that name.

    Args:
        features: One of `FEATURES`.
        upright: Deskew and centre each image first.
        blur: Standard deviation of a Gaussian blur before, in pixels; 0 for none.

    Raises:
        PodiumError: there are no features of that name.
    """
    grids = chosen("features", features, {_PIXELS: (), **GRIDS})
    if not grids:
        return PreparedPixels(upright, blur)
    return GradientHistograms(_ORIENTATIONS, grids, upright=upright, blur=blur)


def columns_of(features: str) -> int:
    """Return how many features of that name a grey image of 28 × 28 has, to reckon a fit's cost."""
    if features == _PIXELS:
        return 28 * 28
    return _ORIENTATIONS * sum(cells**2 for cells in GRIDS[features])
