"""Which number format a network trains in here, and why."""

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

CPUINFO = Path("/proc/cpuinfo")

# Flags of processors that multiply bfloat16 matrices in hardware, as Linux names them.
_BFLOAT16 = {"amx_bf16": "AMX", "avx512_bf16": "AVX512-BF16"}

# From here on (Ampere), NVIDIA's GPUs multiply bfloat16 matrices in hardware.
_GPU_BFLOAT16 = (8, 0)


@dataclass(frozen=True)
class Gpu:
    """A GPU that networks can be trained on.

    Attributes:
        name: As its driver calls it.
        capability: NVIDIA's compute capability, such as (7, 5) of a T4; None where it has none.
    """

    name: str
    capability: tuple[int, int] | None = None

    @property
    def precision(self) -> "Precision":
        """The fastest number format that it computes in hardware."""
        if self.capability is None:
            return Precision("float32", "gpu", f"{self.name} does not say its compute capability")
        known = f"{self.name} has compute capability {self.capability[0]}.{self.capability[1]}"
        if self.capability >= _GPU_BFLOAT16:
            return Precision("mixed_bfloat16", "gpu", f"{known} and computes bfloat16")
        return Precision("float32", "gpu", f"{known}, and bfloat16 takes 8.0")


@dataclass(frozen=True)
class Precision:
    """The choice of number format for training and predicting.

    Attributes:
        policy: Keras' name of it: `float32` or `mixed_bfloat16`.
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


def choose_precision(flags: frozenset[str] | None = None, gpu: Gpu | None = None) -> Precision:
    """Return the fastest number format that this machine computes in hardware.

    Without hardware bfloat16 it is emulated, several times slower than float32, so the
    flags decide, not the software's abilities. Variables and the optimiser stay float32 always.

    Args:
        flags: The processor's features; None asks this machine.
        gpu: The GPU, or None without one (`find_gpu` says which).

    Example:
        >>> choose_precision(gpu=Gpu("Tesla T4", (7, 5))).policy
        'float32'
    """
    if gpu is not None:
        return gpu.precision
    flags = processor_flags() if flags is None else flags
    names = [name for flag, name in _BFLOAT16.items() if flag in flags]
    if names:
        return Precision(
            "mixed_bfloat16", "cpu", f"no GPU; the processor has {' and '.join(names)}"
        )
    return Precision("float32", "cpu", "no GPU, and the processor has neither AMX nor AVX512-BF16")


@lru_cache
def find_gpu() -> Gpu | None:
    """Return the GPU that Keras' backend would use, or None.

    Imports the backend, which takes seconds. `CUDA_VISIBLE_DEVICES=` hides a GPU, as ever.
    """
    import keras

    of_backend = {"torch": _gpu_of_torch, "jax": _gpu_of_jax, "tensorflow": _gpu_of_tensorflow}
    return of_backend[keras.backend.backend()]()


def _gpu_of_torch() -> Gpu | None:
    cuda = import_module("torch").cuda
    if not cuda.is_available():
        return None
    return Gpu(cuda.get_device_name(0), _pair(cuda.get_device_capability(0)))


def _gpu_of_jax() -> Gpu | None:
    for device in import_module("jax").devices():
        if device.platform == "gpu":
            return Gpu(device.device_kind, _pair(getattr(device, "compute_capability", None)))
    return None


def _gpu_of_tensorflow() -> Gpu | None:
    import tensorflow as tf

    found = tf.config.list_physical_devices("GPU")
    if not found:
        return None
    details = tf.config.experimental.get_device_details(found[0])
    return Gpu(details.get("device_name", "a GPU"), _pair(details.get("compute_capability")))


def _pair(capability: Any) -> tuple[int, int] | None:
    """Return a compute capability, a pair of numbers or a text such as `8.0`, as a pair."""
    parts = capability.split(".") if isinstance(capability, str) else capability or ()
    try:
        major, minor = (int(part) for part in parts)
    except ValueError:  # of another maker's GPU
        return None
    return major, minor
