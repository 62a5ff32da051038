"""Hosts on one machine: Linux network namespaces on a switch of their own."""

import ctypes
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.request import urlopen

import psutil

_ROOT = Path(__file__).parents[1]
_SWITCH = "switch"
_CLONE_NEWNET = 0x40000000
_TIMEOUT = 2.0  # seconds in which a page must answer


class Hosts:
    """Hosts with addresses of their own, which can be cut off; gone with the `with` block.

    Each is a network namespace, joined by a bridge in another one, so that the machine's own
    network is left as it is. Processes started on a host end with it.

    Args:
        names: Of the hosts, at most 200.

    Raises:
        SystemExit: namespaces cannot be made here.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._prefix = f"podium-{os.getpid()}-"
        self._processes: dict[str, list[subprocess.Popen[bytes]]] = {name: [] for name in names}
        self._inside: dict[str, ThreadPoolExecutor] = {}

    def __enter__(self) -> "Hosts":
        if os.geteuid() != 0 or shutil.which("ip") is None:
            sys.exit("Network namespaces need root and the command ip (iproute2).")
        try:
            self._make()
        except subprocess.CalledProcessError as error:
            self.close()
            reason = error.stderr.decode().strip()
            sys.exit(f"Network namespaces are not to be had here ({reason}); try a real machine.")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def address(self, name: str) -> str:
        """Return the IPv4 address of a host."""
        return f"10.213.77.{self.names.index(name) + 1}"

    def start(
        self,
        name: str,
        command: str,
        folder: Path,
        environment: dict[str, str],
        core: int | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start `python -m pipelines COMMAND` on a host; its output goes to `FOLDER/NAME.log`.

        Args:
            name: The host's.
            command: What comes after `pipelines`.
            folder: For the output.
            environment: Is added to this process's.
            core: The only one that it may use; None for all.
        """
        bound = () if core is None else ("taskset", "--cpu-list", str(core))
        with (folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [
                    *("ip", "netns", "exec", self._prefix + name, *bound),
                    *(sys.executable, "-m", "pipelines", *shlex.split(command)),
                ],
                cwd=_ROOT,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes[name].append(process)
        return process

    def kill(self, name: str) -> None:
        """End what runs on a host, at once; its connections are closed."""
        for process in self._processes[name]:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._processes[name].clear()

    def stop_newest(self, name: str) -> None:
        """Stop the youngest process on a host, without ending it."""
        whole = psutil.Process(self._processes[name][-1].pid)
        everyone = whole.children(recursive=True)
        youngest = max(everyone, key=lambda one: (one.create_time(), one.pid))  # time has jiffies
        youngest.suspend()

    def cut_off(self, name: str) -> None:
        """Drop every packet from and to a host, without a word to either side."""
        self._ip(_SWITCH, f"link set {name} nomaster")

    def heal(self, name: str) -> None:
        """Let packets pass again."""
        self._ip(_SWITCH, f"link set {name} master bridge")

    def get_json(self, name: str, port: int, path: str) -> dict[str, Any]:
        """Return what a page on a host answers; nothing, while none does."""
        url = f"http://{self.address(name)}:{port}{path}"
        try:
            return self._inside[name].submit(_read, url).result()
        except (OSError, ValueError):
            return {}

    def close(self) -> None:
        """End every process and every namespace."""
        for name in self.names:
            self.kill(name)
        for thread in self._inside.values():
            thread.shutdown()
        for name in [*self.names, _SWITCH]:
            command = ["ip", "netns", "del", self._prefix + name]
            subprocess.run(command, check=False, capture_output=True)  # some may not be there

    def _make(self) -> None:
        for name in [_SWITCH, *self.names]:
            _run(["ip", "netns", "add", self._prefix + name])
        self._ip(_SWITCH, "link add bridge type bridge")
        self._ip(_SWITCH, "link set bridge up")
        for name in self.names:
            inside = self._prefix + name
            self._ip(_SWITCH, f"link add {name} type veth peer name eth0 netns {inside}")
            self._ip(_SWITCH, f"link set {name} master bridge up")
            self._ip(name, f"address add {self.address(name)}/24 dev eth0")
            self._ip(name, "link set lo up")
            self._ip(name, "link set eth0 up")
            self._inside[name] = ThreadPoolExecutor(1, initializer=_enter, initargs=(inside,))
        self._introduce()

    def _introduce(self) -> None:
        """Fix the hosts' link addresses: as beyond a router, a silent host stays a known one."""
        links = {
            name: json.loads(self._ip(name, "-json link show eth0"))[0]["address"]
            for name in self.names
        }
        for name in self.names:
            for other in self.names:
                if other != name:
                    given = f"{self.address(other)} lladdr {links[other]} dev eth0 nud permanent"
                    self._ip(name, f"neigh replace {given}")

    def _ip(self, name: str, command: str) -> bytes:
        return _run(["ip", "-n", self._prefix + name, *command.split()])


def _run(command: list[str]) -> bytes:
    return subprocess.run(command, check=True, capture_output=True).stdout


def _enter(namespace: str) -> None:
    """Let this thread's sockets be those of a namespace."""
    with Path("/run/netns", namespace).open() as file:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(file.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def _read(url: str) -> dict[str, Any]:
    with urlopen(url, timeout=_TIMEOUT) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
