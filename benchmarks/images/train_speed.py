"""Images/s of Podium's training loop against stock Keras and plain PyTorch, all in one run.

    python -m benchmarks.images.train_speed [--architecture deotte] [--torch-python PATH]

Every side trains the same layers at the same batch size, round after round in turn, so that a
machine's moods fall on all alike; the medians of the rounds and of their ratios are printed. Ours
runs as a tuning run's fits do: in a few processes that share the cores, each with augmentation on
its background thread, up to the last step (measuring the statistics of normalisation for
predicting, once a fit, takes as long as some eight steps). Stock Keras and PyTorch get finished
images. Ours uses the precision that Podium chooses here; the peers are timed in float32 and in
bfloat16, each at the fastest of its documented settings, which a short trial before the rounds
finds: Keras with one or 32 steps an execution and with XLA, PyTorch eager and with torch.compile,
both channels last; and each of these in one process with all cores, or in as many as ours. The last
figure is the share of the machine's own matrix rate, in the format in use, that ours reaches.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import Any

from benchmarks.images.speed_side import KERAS_SETTINGS
from pipelines.execution.threads import cores, thread_variables
from pipelines.networks.architectures import NetworkShape
from pipelines.networks.build import build_network
from pipelines.networks.training.precision import choose_precision, find_gpu

TORCH_SETTINGS = ("eager", "compile")
PODIUM = "podium"

Side = Callable[[], float]


@contextmanager
def side_of(command: list[str], processes: int) -> Iterator[Side]:
    """Yield a function that lets some processes train at once, and returns their images/s."""
    environment = os.environ | thread_variables(max(1, cores() // processes))
    environment["KERAS_BACKEND"] = "tensorflow"
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    command,
                    env=environment,
                    text=True,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                )
            )
            for _ in range(processes)
        ]

        def said() -> list[str]:
            return [process.stdout.readline().strip() for process in started if process.stdout]

        def run() -> float:
            for process in started:
                assert process.stdin
                process.stdin.write("\n")
                process.stdin.flush()
            return sum(map(float, said()))

        if set(said()) != {"ready"}:
            raise SystemExit(f"A side does not start: {' '.join(command)}")
        yield run
        for process in started:
            assert process.stdin
            process.stdin.close()


@contextmanager
def at_its_best(
    commands: dict[str, list[str]], processes: int
) -> Iterator[tuple[Side, dict[str, float]]]:
    """Yield the fastest of some settings, in one process or in several, and what each trial made.

    Args:
        commands: By the setting's name.
        processes: How many the several are.
    """
    trials: dict[str, float] = {}
    for how, command in commands.items():
        with side_of(command, 1) as run:
            trials[how] = run()
    best = max(trials, key=trials.__getitem__)
    several = f"{best}, {processes} processes"
    with side_of(commands[best], processes) as run:
        trials[several] = run()
    number = processes if trials[several] > trials[best] else 1
    with side_of(commands[best], number) as run:
        yield run, trials


def matrix_rate(policy: str) -> Side:
    """Return a timed product of two 4096 × 4096 matrices, in FLOP/s: the best of a few."""
    import tensorflow as tf

    number_format = tf.bfloat16 if "bfloat16" in policy else tf.float32
    matrix = tf.cast(tf.random.normal((4096, 4096)), number_format)

    def once() -> float:
        started = time.perf_counter()
        tf.reduce_max(matrix @ matrix).numpy()
        return 2 * 4096**3 / (time.perf_counter() - started)

    once()
    return lambda: max(once() for _ in range(5))


def flops_per_image(network: Any) -> int:
    """Return the floating-point operations of training on one image: three times the forward's."""
    products = 0
    for layer in network.layers:
        if hasattr(layer, "kernel"):
            positions = prod(layer.output.shape[1:-1])
            products += prod(layer.kernel.shape) * positions
    return 3 * 2 * products


def main() -> None:
    """Time all sides in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--architecture", choices=["compact", "deotte", "two_block"], default="deotte"
    )
    parser.add_argument("--width", type=float, default=1.0, help="of compact alone")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=8192, help="trained on per round and process")
    parser.add_argument("--torch-python", help="a Python that has PyTorch; default this one")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()

    precision = choose_precision(gpu=find_gpu())
    processes = min(cores(), 4) if precision.device == "cpu" else 1
    result = {
        "architecture": given.architecture,
        "width": given.width,
        "batch_size": given.batch_size,
        "precision": precision.policy,
        "why": precision.why,
        "load_average": os.getloadavg()[0],
        **compared(given, precision.policy, processes),
    }
    print(json.dumps(result, indent=2) if given.json else _table(result))


def compared(given: argparse.Namespace, policy: str, processes: int) -> dict[str, Any]:
    """Time all sides in rounds, and return their rates and ratios."""
    images = given.images // given.batch_size * given.batch_size
    shape = [given.architecture, str(given.width)]

    def command(program: str, *rest: str) -> list[str]:
        return [program, *rest, str(given.batch_size), str(images)]

    def ours(side: str, number_format: str, how: str) -> list[str]:
        module = ("-m", "benchmarks.images.speed_side")
        return [*command(sys.executable, *module, side, *shape, number_format), how]

    python = given.torch_python or (sys.executable if find_spec("torch") else None)
    with ExitStack() as stack:
        name = policy.removeprefix("mixed_")
        sides = {PODIUM: stack.enter_context(side_of(ours(PODIUM, name, "-"), processes))}
        trials: dict[str, dict[str, float]] = {}
        # Where bfloat16 is emulated it takes minutes, and nobody would use it.
        for name in ("float32", "bfloat16")[: 1 if policy == "float32" else 2]:
            keras = {how: ours("keras", name, how) for how in KERAS_SETTINGS}
            peers = {f"keras {name}": keras}
            if python:
                script = str(Path(__file__).with_name("torch_peer.py"))
                peers[f"torch {name}"] = {
                    how: [*command(python, script, *shape, name), how] for how in TORCH_SETTINGS
                }
            for peer, commands in peers.items():
                sides[peer], trials[peer] = stack.enter_context(at_its_best(commands, processes))
        matrix = matrix_rate(policy)
        rates: dict[str, list[float]] = {side: [] for side in sides}
        machine = []
        for _ in range(given.rounds):
            for side, run in sides.items():
                rates[side].append(run())
            machine.append(matrix())
    flops = flops_per_image(
        build_network(NetworkShape(given.architecture, 28, 10, width=given.width))
    )
    return {
        "processes": processes,
        "images_per_second": {side: statistics.median(found) for side, found in rates.items()},
        "podium_over": {
            side: _median_ratio(rates[PODIUM], found)
            for side, found in rates.items()
            if side != PODIUM
        },
        "trials": trials,
        "matrix_gflops": max(machine) / 1e9,
        "share_of_matrix_rate": flops * statistics.median(rates[PODIUM]) / max(machine),
    }


def _median_ratio(over: list[float], under: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def _table(result: dict[str, Any]) -> str:
    lines = [
        f"{result['architecture']} of width {result['width']:g}, batches of "
        f"{result['batch_size']}, {result['processes']} processes; Podium chose "
        f"{result['precision']}: {result['why']}. Load average {result['load_average']:.1f}."
    ]
    for name, rate in result["images_per_second"].items():
        ratio = result["podium_over"].get(name)
        trials = result["trials"].get(name, {})
        best = max(trials, key=trials.__getitem__, default="")
        beside = f"   podium ÷ {name} = {ratio:.2f} ({best})" if ratio else ""
        lines.append(f"{name:15s} {rate:7.0f} images/s{beside}")
    lines.append(
        f"matrix rate {result['matrix_gflops']:.0f} GFLOP/s, of which Podium's training uses "
        f"{result['share_of_matrix_rate']:.0%}"
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
