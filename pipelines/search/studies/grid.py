"""The small grid that a pipeline declares, as points to try."""

from itertools import product

from pipelines.base import Pipeline, ShippedPoint, suggested


def grid_points(pipeline: Pipeline) -> list[ShippedPoint]:
    """Return every combination of a pipeline's grid, the first parameter varying slowest.

    What the grid leaves open is taken from the cheapest shipped point. Without a grid there is
    nothing to try.
    """
    values = pipeline.grid()
    if not values:
        return []
    rest = pipeline.shipped()[0].params
    points = []
    for combination in product(*values.values()):
        chosen = dict(zip(values, combination, strict=True))
        params = rest | chosen
        name = " ".join(f"{parameter}={value}" for parameter, value in chosen.items())
        points.append(ShippedPoint(name, params, pipeline.cost(suggested(pipeline, params))))
    return points
