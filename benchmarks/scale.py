"""How far tuning scales: workers, the coordinator, a thousand workers, five million rows.

    python -m benchmarks.scale workers digit-recognizer.zip
    python -m benchmarks.scale overhead
    python -m benchmarks.scale simulate
    python -m benchmarks.scale rows

`workers` times a fixed list of real fits on two local processes against one, and on a Dask cluster
of two workers against the two processes; each ratio is of one run, the median of interleaved
rounds. `overhead` sends 10,000 fits that take no time through the coordinator, Optuna and SQLite,
and weighs its memory, also with 100,000 fits queued. `simulate` runs 1 to 1,000 workers on a
virtual clock and writes `docs/scaling.svg` and the table of `docs/scaling.md`. `rows` tunes on a
part of five million rows; it needs 4 GB of disk for a while.
"""

import argparse
from pathlib import Path


def main() -> None:
    """Run one of the measures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    measures = parser.add_subparsers(dest="measure", required=True)
    workers = measures.add_parser("workers", help="2 workers against 1, Dask against processes")
    workers.add_argument("zip", type=Path, help="Kaggle's digit-recognizer.zip")
    workers.add_argument("--rounds", type=int, default=3)
    overhead = measures.add_parser("overhead", help="what the coordinator costs a fit")
    overhead.add_argument("--fits", type=int, default=10_000)
    overhead.add_argument("--workers", type=int, default=2)
    overhead.add_argument("--pipeline", default="svm", help="whose search space is sampled")
    simulate = measures.add_parser("simulate", help="1 to 1,000 workers on a virtual clock")
    simulate.add_argument("--fits", type=int, default=200, help="to measure, at least")
    simulate.add_argument("--seconds", type=float, default=60, help="real ones, at most, each")
    rows = measures.add_parser("rows", help="a part of a large competition")
    rows.add_argument("--all", type=int, default=5_000_000)
    rows.add_argument("--rows", type=int, default=20_000)
    given = parser.parse_args()
    if given.measure == "workers":
        from benchmarks.scale_workers import measure_workers

        measure_workers(given.zip, given.rounds)
    elif given.measure == "overhead":
        from benchmarks.scale_overhead import measure_overhead

        measure_overhead(given.fits, given.workers, given.pipeline)
    elif given.measure == "simulate":
        from benchmarks.scale_simulate import measure_simulated

        measure_simulated(given.fits, given.seconds)
    else:
        from benchmarks.scale_rows import measure_rows

        measure_rows(given.all, given.rows)


if __name__ == "__main__":
    main()
