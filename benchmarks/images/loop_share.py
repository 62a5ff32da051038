"""How much of a whole fit the training loop is.

    python -m benchmarks.images.loop_share [--architecture compact] [--width 2] [--epochs 16]

The time that the loop takes for its steps on images as they are, against that of a fit, with its
augmentation and the statistics of normalisation, and of predicting its fold by eight views. Both
run as a tuning run's fits do, in a few processes that share the cores, in turn; the medians of the
rounds and of their ratios are printed. The graph is traced before.
"""

import argparse
import statistics
import sys

from benchmarks.images.train_speed import side_of
from pipelines.execution.threads import cores
from pipelines.networks.training.precision import choose_precision, find_gpu

_IMAGES = 33_536  # four folds of five of digit-recognizer's rows, in whole batches
_BATCH = 128
_VIEWS = 8


def main() -> None:
    """Time both in turn and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", default="compact")
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    precision = choose_precision(gpu=find_gpu())
    processes = min(cores(), 4) if precision.device == "cpu" else 1
    name = precision.policy.removeprefix("mixed_")

    def command(side: str, how: str) -> list[str]:
        module = [sys.executable, "-m", "benchmarks.images.speed_side", side]
        return [*module, given.architecture, str(given.width), name, str(_BATCH), str(_IMAGES), how]

    alone, fits = [], []
    with (
        side_of(command("loop", "-"), processes) as loop,
        side_of(command("whole", f"{given.epochs},{_VIEWS}"), processes) as whole,
    ):
        for _ in range(given.rounds):
            alone.append(loop())
            fits.append(whole())
    share = statistics.median(fit / rate for fit, rate in zip(fits, alone, strict=True))
    print(
        f"{given.architecture} of width {given.width:g}, {processes} processes, {name}: the loop "
        f"alone {statistics.median(alone):,.0f} images/s, fits of {given.epochs} epochs with their "
        f"predictions {statistics.median(fits):,.0f}, of which the loop is {share:.0%}"
    )


if __name__ == "__main__":
    main()
