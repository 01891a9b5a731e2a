"""Scans on several virtual hosts, and writes what was seen as a Markdown page. Scripts/check-hosts runs it."""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from virtual_hosts import Cluster, Host

HOSTS, RANKS_A_HOST = 4, 2
SLOW, LOSS = 0.1, 0.01
# Seconds of silence after which a rank is lost, and seconds until a job that lost a host is given up.
LOST_AFTER, PATIENCE = 15, 120


def give_up(sentence: str, messages: Path | None = None) -> None:
    if messages:
        sys.stderr.write(messages.read_text(errors="replace")[-4000:])
    sys.exit(f"check-hosts: {sentence}")


def differences(one: Path, other: Path) -> list[str]:
    """Files that two scans have not, or not with the same bytes; `scan.json` tells of times and ranks, and isn't compared."""

    def files(folder: Path) -> set[str]:
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"scan.json"}

    _, different, missing = filecmp.cmpfiles(one, other, files(one) | files(other), shallow=False)
    return sorted(different + missing)


@dataclass
class Seen:
    """A scan that has ended."""

    what: str
    seconds: float
    rate: float
    # Of the measurement, by host: the share of time in which its ranks had nothing to do.
    idle: list[float]


class Check:
    def __init__(self, program: str, folder: Path, seconds: float) -> None:
        self.program = program
        self.folder = folder
        self.seconds = seconds
        self.cluster = Cluster(HOSTS, folder)
        self.options: list[str] = []
        self.seen: list[Seen] = []

    def command(self, out: str, *more: str) -> list[str]:
        return [self.program, *self.options, "--out", str(self.folder / out), "--progress", "none", *more]

    def scan(self, what: str, out: str, hosts: list[Host], ranks_a_host: int = RANKS_A_HOST, *more: str) -> Seen:
        """Scans to the end."""
        messages = self.folder / f"{out}.messages"
        start = time.monotonic()
        code = self.cluster.start(hosts, ranks_a_host, self.command(out, *more), messages).wait()
        if code != 0:
            give_up(f"{what}: the scan ended with {code}", messages)
        result = json.loads((self.folder / out / "scan.json").read_text())
        idle = result["idle_share"]["measuring"]
        if len(idle) != len(hosts) * ranks_a_host:
            give_up(f"{what}: {len(idle)} ranks of {len(hosts) * ranks_a_host} know of each other", messages)
        by_host = [sum(idle[k:k + ranks_a_host]) / ranks_a_host for k in range(0, len(idle), ranks_a_host)]
        return Seen(what, time.monotonic() - start, result["evaluations_per_second"], by_host)

    def expect_the_same_bytes(self, what: str, out: str) -> None:
        if different := differences(self.folder / "one", self.folder / out):
            give_up(f"{what}: other bytes than one rank's in {', '.join(different)}")

    def compared(self, what: str, out: str) -> None:
        seen = self.scan(what, out, self.cluster.hosts)
        self.expect_the_same_bytes(what, out)
        self.seen.append(seen)
        idle = ", ".join(f"{100 * share:.1f}" for share in seen.idle)
        print(f"{what}: the same bytes, {seen.seconds:.0f} s, {seen.rate:.0f} evaluations a second, idle {idle} %", flush=True)

    def prepare(self) -> None:
        """Makes a phantom, and finds how many samples take the time that was asked for."""
        phantom = self.folder / "phantom"
        subprocess.run(
            [self.program, "phantom", "glyphs", "--count", "8", "--out", phantom], check=True, stdout=subprocess.DEVNULL)
        self.options = [
            "--model", str(phantom / "model.onnx"), "--data", str(phantom / "stimuli.bin"), "--estimator", "permutation"]
        trial = self.scan("a trial", "trial", self.cluster.hosts, RANKS_A_HOST, "--samples", "4")
        self.options += ["--samples", str(max(4, round(trial.rate * self.seconds / (4 * 256 * 8))))]

    def lose_host(self) -> tuple[float, int, int]:
        """Takes the last host away while all measure. Returns how long the others took to end, with what code, and how much
        had been measured."""
        messages = self.folder / "lost.messages"
        job = self.cluster.start(
            self.cluster.hosts, RANKS_A_HOST, self.command("lost", "--checkpoint-interval", "1s", "--lost-after", f"{LOST_AFTER}s"),
            messages)
        checkpoint = self.folder / "lost" / "checkpoint.bin"
        for _ in range(600):
            if job.poll() is not None or (checkpoint.exists() and checkpoint.stat().st_size > 40_000):
                break
            time.sleep(0.2)
        if job.poll() is not None or not checkpoint.exists():
            give_up("the scan that was to lose a host ended before, or measured nothing", messages)
        self.cluster.hosts[-1].vanish()
        start = time.monotonic()
        try:
            code = job.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            give_up(f"{PATIENCE} s after a host was lost the job still waits for it", messages)
        took = time.monotonic() - start
        if code != 75:
            give_up(f"the job that lost a host ended with {code}", messages)
        time.sleep(2)
        if left := {host.name: found for host in self.cluster.hosts[1:] if (found := host.processes())}:
            give_up(f"ranks outlive the job that lost a host: {left}", messages)
        return took, code, checkpoint.stat().st_size

    def run(self) -> str:
        hosts = self.cluster.hosts
        self.prepare()
        self.scan("one rank", "one", hosts[:1], 1)
        self.compared("four hosts", "plain")
        hosts[-1].link.delay = SLOW
        self.compared(f"the last host's link takes {1000 * SLOW:.0f} ms each way", "slow")
        hosts[-1].link.delay = 0
        for host in hosts:
            host.link.loss = LOSS / 2
        self.compared(f"{100 * LOSS:.0f} % of all frames are lost", "lossy")
        for host in hosts:
            host.link.loss = 0
        lost = self.lose_host()
        print(f"a host lost: ended after {lost[0]:.1f} s with {lost[1]}, {lost[2]} bytes measured", flush=True)
        self.scan("three hosts go on", "lost", hosts[:-1], RANKS_A_HOST, "--resume")
        self.expect_the_same_bytes("three hosts go on", "lost")
        print("three hosts go on: the same bytes", flush=True)
        return self.page(*lost)

    def page(self, lost_after: float, code: int, measured: int) -> str:
        rows = "\n".join(
            f"| {seen.what} | {seen.rate:.0f} | " + " | ".join(f"{100 * share:.1f}" for share in seen.idle) + " |"
            for seen in self.seen)
        return f"""# Several hosts

What a scan does on four hosts of two ranks each that talk over TCP. Written by `Scripts/check-hosts`, which makes the hosts: network
namespaces with host names of their own on one machine ({os.cpu_count()} cores, Linux {os.uname().release}), joined by a switch, a
program that delays, loses and stops Ethernet frames of 1,500 bytes. mpirun starts the ranks by Hydra's ssh launcher. The scan is
that of the phantom: {' '.join(self.options[4:])}, 8 stimuli, four layers of 256 regions.

All results were the same bytes as one rank's on one host: every file but `scan.json`, which tells of times and ranks.

| | evaluations a second | {' | '.join(f'idle on {host.name}, %' for host in self.cluster.hosts)} |
|---|---|{'---|' * HOSTS}
{rows}

*Idle*: the share of the measurement in which the ranks of a host had no task. A rank has the next task before it has finished one, so
a slow link doesn't stall it, nor the others. The cores are shared by all eight ranks, so rates compare within the table only.

A host that vanishes, its processes killed and its link silent in the same moment, so that nobody is told: with `--lost-after {LOST_AFTER}s`
the job ended {lost_after:.0f} s later with exit code {code} and no rank left on any host, and its checkpoint held {measured / 1e6:.2f} MB of
values. The same command with `--resume` on the three hosts that were left gave the same bytes.
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--page", required=True, type=Path)
    parser.add_argument("--seconds", type=float, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        page = Check(arguments.program, Path(folder), arguments.seconds).run()
    arguments.page.write_text(page)
    print(f"Wrote {arguments.page}.")


if __name__ == "__main__":
    main()
