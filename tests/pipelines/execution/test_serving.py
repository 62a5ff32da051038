"""What cannot be served is a sentence, and workers find their scheduler whenever it comes."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from socket import socket

import dask
import pytest

from competition.errors import PodiumError
from pipelines.execution.serving import serve_cluster, serve_workers
from tests.pipelines.execution.conftest import Cluster, free_port


def serve(host: str, port: int) -> None:
    """Serve from a thread of its own: the browser's tests leave a loop running in the main one."""
    with ThreadPoolExecutor(1) as apart:
        apart.submit(serve_cluster, host, port, free_port(), 0, print).result()


@pytest.mark.parametrize("address", ["nonsense://x:1", "tcp://host", "host:port", "tcp://:8786"])
def test_a_malformed_address_is_a_sentence(address: str) -> None:
    with pytest.raises(
        PodiumError, match=f"{re.escape(address)} is not the address of a scheduler"
    ):
        serve_workers(address, 1, 0, print)


@pytest.mark.parametrize("address", ["tls://127.0.0.1:8786", "tcp://127.0.0.1:8786"])
def test_encryption_without_certificates_is_a_sentence(address: str) -> None:
    with (
        dask.config.set({"distributed.comm.require-encryption": True}),
        pytest.raises(PodiumError, match=r"TLS needs certificates: set DASK_.*WORKER__CERT"),
    ):
        serve_workers(address, 1, 0, print)


def test_certificates_that_are_not_there_are_a_sentence(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "ca.pem")
    names = ("ca-file", "scheduler.cert", "scheduler.key")
    settings = {f"distributed.comm.tls.{name}": nowhere for name in names}
    with (
        dask.config.set(settings | {"distributed.comm.require-encryption": True}),
        pytest.raises(PodiumError, match="certificates of the scheduler cannot be read"),
    ):
        serve("127.0.0.1", free_port())


def test_a_busy_port_is_a_sentence() -> None:
    with closing(socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            PodiumError, match=rf"listen on 127\.0\.0\.1:{port} \(Address already in"
        ):
            serve("127.0.0.1", port)
    with pytest.raises(PodiumError, match=r"Nothing can listen on 203\.0\.113\.1:"):
        serve("203.0.113.1", free_port())


@pytest.mark.long
def test_workers_wait_for_a_scheduler_and_come_back_to_one_that_is_started_again(
    cluster: Cluster,
) -> None:
    cluster.kill(cluster.scheduler)
    workers = cluster.start("worker", "--scheduler", cluster.address, "--workers", "2")
    lines = workers.stdout
    assert lines is not None
    assert "does not answer (" in lines.readline()
    cluster.scheduler = cluster.start_scheduler()
    assert f"2 workers at {cluster.address}" in lines.readline()
    cluster.restart_scheduler()
    assert "does not answer (" in lines.readline()
    while f"2 workers at {cluster.address}" not in (line := lines.readline()):
        assert line
