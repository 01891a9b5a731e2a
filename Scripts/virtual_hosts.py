"""Hosts of one machine: network namespaces, joined by a switch whose links have delay, loss, and an end.

Linux's own means for that (bridges, netem) are modules that many kernels lack; a switch that is a program needs TAP devices only.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import select
import signal
import struct
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

_TUNSETIFF, _IFF_TAP, _IFF_NO_PI = 0x400454CA, 0x0002, 0x1000


@dataclass
class Link:
    """From a host to the switch."""

    tap: int
    # Seconds that a frame takes each way.
    delay: float = 0
    # The share of frames that is lost each way.
    loss: float = 0
    is_up: bool = True


class Switch(threading.Thread):
    """Forwards frames between links, each when its time has come."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.links: list[Link] = []
        self.frames = 0
        self.lost = 0
        self._places: dict[bytes, Link] = {}
        # Frames under way: when they arrive, a number that keeps their order, where, and what they hold.
        self._under_way: list[tuple[float, int, Link, bytes]] = []
        self._chance = random.Random(1)

    def run(self) -> None:
        while True:
            wait = max(self._under_way[0][0] - time.monotonic(), 0) if self._under_way else 1
            readable = select.select([link.tap for link in self.links], [], [], wait)[0]
            for link in self.links:
                if link.tap in readable:
                    self._take(link, os.read(link.tap, 65536))
            while self._under_way and self._under_way[0][0] <= time.monotonic():
                _, _, link, frame = heapq.heappop(self._under_way)
                if link.is_up:
                    self._deliver(link, frame)

    def _take(self, source: Link, frame: bytes) -> None:
        self._places[frame[6:12]] = source
        known = self._places.get(frame[:6])
        for target in [known] if known else [link for link in self.links if link is not source]:
            self.frames += 1
            if not (source.is_up and target.is_up) or self._chance.random() < source.loss + target.loss:
                self.lost += 1
                continue
            heapq.heappush(self._under_way, (time.monotonic() + source.delay + target.delay, self.frames, target, frame))

    @staticmethod
    def _deliver(link: Link, frame: bytes) -> None:
        try:
            os.write(link.tap, frame)
        except OSError:
            # The host's end is down.
            pass


class Host:
    """A network namespace with one Ethernet device, eth0, and a host name of its own."""

    def __init__(self, number: int, switch: Switch, folder: Path) -> None:
        self.name = f"node{number}"
        self.vanished = folder / f"{self.name}.vanished"
        self.address = f"10.77.0.{number}"
        tap = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", self.name.encode(), _IFF_TAP | _IFF_NO_PI))
        os.set_blocking(tap, False)
        self.link = Link(tap)
        switch.links.append(self.link)
        for command in (
            f"netns add {self.name}", f"link set {self.name} netns {self.name} name eth0", f"-n {self.name} link set lo up",
            f"-n {self.name} addr add {self.address}/24 dev eth0", f"-n {self.name} link set eth0 up mtu 1500",
        ):
            subprocess.run(["ip", *command.split()], check=True)

    def vanish(self) -> None:
        """Goes without a word to anyone, as a host does that loses its power."""
        self.vanished.touch()
        self.link.is_up = False
        subprocess.run(["ip", "-n", self.name, "link", "set", "eth0", "down"], check=True)
        for process in self.processes():
            os.kill(process, signal.SIGKILL)

    def processes(self) -> list[int]:
        found = subprocess.run(["ip", "netns", "pids", self.name], check=True, capture_output=True, text=True).stdout
        return [int(process) for process in found.split()]


class Cluster:
    """Some hosts, and how mpirun starts ranks on them."""

    def __init__(self, count: int, folder: Path) -> None:
        self.folder = folder
        os.makedirs("/run/netns", exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/netns"], check=True)
        self.switch = Switch()
        self.hosts = [Host(number, self.switch, folder) for number in range(1, count + 1)]
        self.switch.start()
        names = folder / "names"
        names.write_text("127.0.0.1 localhost\n" + "".join(f"{host.address} {host.name}\n" for host in self.hosts))
        # What ssh is on a cluster: OPTIONS HOST COMMAND. Of a host that has vanished it hears nothing, not even the end of the command.
        self._shell = folder / "shell"
        self._shell.write_text(
            f"""#!/bin/bash
while [[ $1 == -* ]]; do shift; done
unshare --mount --uts bash -c 'mount --bind {names} /etc/hosts && hostname "$0" && exec ip netns exec "$0" bash -c "$*"' "$@"
code=$?
[[ ! -e {folder}/$1.vanished ]] || sleep infinity
exit "$code"
""")
        self._shell.chmod(0o755)

    def start(self, hosts: list[Host], ranks_a_host: int, command: list[str], messages: Path) -> subprocess.Popen[bytes]:
        """Starts a program by mpirun on the first host."""
        machines = self.folder / "hosts"
        machines.write_text("".join(f"{host.name}:{ranks_a_host}\n" for host in hosts))
        launch = [
            "mpirun", "-launcher", "ssh", "-launcher-exec", self._shell, "-iface", "eth0", "-f", machines, "-n",
            len(hosts) * ranks_a_host,
        ]
        # All hosts have one kernel, by which UCX takes them for one machine: it is told not to use its memory.
        environment = os.environ | {"UCX_TLS": "tcp,self", "UCX_NET_DEVICES": "eth0"}
        with open(messages, "wb") as file:
            return subprocess.Popen(
                [str(word) for word in [self._shell, hosts[0].name, *launch, *command]], env=environment,
                stdin=subprocess.DEVNULL, stdout=file, stderr=file)
