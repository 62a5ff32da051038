"""Which number format a network trains in here, and why."""

import os
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from pipelines.execution.threads import cores

CPUINFO = Path("/proc/cpuinfo")

# Flags of processors that multiply bfloat16 matrices in hardware, as Linux names them.
_BFLOAT16 = {"amx_bf16": "AMX", "avx512_bf16": "AVX512-BF16"}


@dataclass(frozen=True)
class Precision:
    """The choice of number format for training and predicting.

    Attributes:
        policy: Keras' name of it: `float32`, `mixed_bfloat16` or `mixed_float16`.
        device: `cpu` or `gpu`.
        why: The reason, as a clause for people.
    """

    policy: str
    device: str
    why: str


def processor_flags(cpuinfo: Path = CPUINFO) -> frozenset[str]:
    """Return the processor's feature flags as Linux lists them; none on other systems."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith(("flags", "Features"))), ":")
    return frozenset(flags.partition(":")[2].split())


def choose_precision(flags: frozenset[str] | None = None, gpu: str | None = None) -> Precision:
    """Return the fastest number format that this machine computes in hardware.

    Without hardware bfloat16 a processor emulates it, several times slower than float32, so the
    flags decide, not the software's abilities. Variables and the optimiser stay float32 always.

    Args:
        flags: The processor's features; None asks this machine.
        gpu: The GPU's name, or None without one (`find_gpu` says which).
    """
    if gpu is not None:
        return Precision("mixed_bfloat16", "gpu", f"{gpu} is there, and computes bfloat16")
    flags = processor_flags() if flags is None else flags
    names = [name for flag, name in _BFLOAT16.items() if flag in flags]
    if names:
        return Precision(
            "mixed_bfloat16", "cpu", f"no GPU; the processor has {' and '.join(names)}"
        )
    return Precision("float32", "cpu", "no GPU, and the processor has neither AMX nor AVX512-BF16")


@lru_cache
def find_gpu() -> str | None:
    """Return the name of the GPU that Keras' backend would use, or None.

    Imports the backend, which takes seconds. `CUDA_VISIBLE_DEVICES=` hides a GPU, as ever.
    """
    import keras

    backend = keras.backend.backend()
    if backend == "torch":
        torch = import_module("torch")
        return torch.cuda.get_device_name(0) if torch.cuda.is_available() else None
    if backend == "jax":
        devices = import_module("jax").devices()
        return next((device.device_kind for device in devices if device.platform == "gpu"), None)
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    if not found:
        return None
    return str(tf.config.experimental.get_device_details(found[0]).get("device_name", "a GPU"))


def threads() -> int:
    """Return how many threads a fit may use: `OMP_NUM_THREADS`, or the cores open to it."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) else cores()
