from pathlib import Path

import pytest

from pipelines.networks.precision import choose_precision, processor_flags, threads


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


def test_a_gpu_comes_first() -> None:
    choice = choose_precision(frozenset(), gpu="NVIDIA H100")
    assert (choice.policy, choice.device) == ("mixed_bfloat16", "gpu")
    assert "NVIDIA H100" in choice.why


def test_flags_are_read_as_linux_writes_them(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(
        "processor\t: 0\nmodel name\t: Intel(R) Xeon(R)\nflags\t\t: fpu avx512_bf16 amx_bf16\n\n"
        "processor\t: 1\n"
    )
    assert processor_flags(cpuinfo) == {"fpu", "avx512_bf16", "amx_bf16"}
    assert processor_flags(tmp_path / "missing") == frozenset()


def test_threads_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "0")
    assert threads() >= 1
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert threads() >= 1
