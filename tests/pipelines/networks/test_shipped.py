from pipelines.base import load_pipeline, suggested
from pipelines.networks.classifier import NetworkClassifier


def test_shipped_points_lie_in_the_search_space() -> None:
    pipeline = load_pipeline("cnn")
    points = pipeline.shipped()
    assert points[0].name == "quick"
    for point in points:
        assert suggested(pipeline, point.params) == point.params
        estimator = pipeline.build(point.params, seed=5)
        assert isinstance(estimator, NetworkClassifier)
        assert estimator.get_params()["seed"] == 5
        assert point.params.items() <= estimator.get_params().items()
