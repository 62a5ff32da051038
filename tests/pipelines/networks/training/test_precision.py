from pathlib import Path

import pytest

from pipelines.networks.training.precision import Gpu, choose_precision, processor_flags


@pytest.mark.parametrize(
    ("flags", "policy", "named"),
    [
        ({"avx2", "avx512f", "amx_bf16", "amx_tile", "avx512_bf16"}, "mixed_bfloat16", "AMX"),
        ({"avx512f", "avx512_bf16"}, "mixed_bfloat16", "AVX512-BF16"),
        ({"avx2", "avx512f", "avx512_vnni"}, "float32", "neither"),
        (set(), "float32", "neither"),
    ],
)
def test_the_processor_decides(flags: set[str], policy: str, named: str) -> None:
    choice = choose_precision(frozenset(flags))
    assert choice.policy == policy
    assert choice.device == "cpu"
    assert named in choice.why


@pytest.mark.parametrize(
    ("gpu", "policy", "why"),
    [
        (Gpu("Tesla T4", (7, 5)), "float32", "Tesla T4 has compute capability 7.5, and bfloat16"),
        (Gpu("Tesla P100", (6, 0)), "float32", "bfloat16 takes 8.0"),
        (Gpu("NVIDIA A100", (8, 0)), "mixed_bfloat16", "8.0 and computes bfloat16"),
        (Gpu("NVIDIA B200", (10, 0)), "mixed_bfloat16", "10.0 and computes bfloat16"),
        (Gpu("a GPU"), "float32", "a GPU does not say its compute capability"),
    ],
    ids=lambda value: value.name if isinstance(value, Gpu) else "",
)
def test_a_gpu_comes_first_and_its_capability_decides(gpu: Gpu, policy: str, why: str) -> None:
    choice = choose_precision(frozenset({"amx_bf16"}), gpu)
    assert (choice.policy, choice.device) == (policy, "gpu")
    assert why in choice.why


def test_flags_are_read_as_linux_writes_them(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(
        "processor\t: 0\nmodel name\t: Intel(R) Xeon(R)\nflags\t\t: fpu avx512_bf16 amx_bf16\n\n"
        "processor\t: 1\n"
    )
    assert processor_flags(cpuinfo) == {"fpu", "avx512_bf16", "amx_bf16"}
    assert processor_flags(tmp_path / "missing") == frozenset()
