"""What Scripts/torture runs: a scan under faults, again and again.

Every round starts the program on a random number of ranks, lets a fault happen at a random time, sees how the program
ends, and may damage the checkpoint before the next round goes on with it. A scan that reaches its end is compared,
byte for byte, with one that nothing disturbed. A loss is any of these: other bytes, an exit code that the fault doesn't
explain, a shard that was whole on disk and isn't gone on with, a rank that outlives its launcher, a run that hangs.

Needs nothing but Python's own library; a jump of the clock is simulated by Debian's package libfaketime, where it is
installed.
"""

import argparse
import collections
import filecmp
import glob
import hashlib
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

PROGRAM = "nnfmri-mpi"
LIMIT = 120  # seconds after which a run counts as hanging
STOPPED = 75
BAD_INPUT = 65


class Loss(Exception):
    pass


class Run:
    """A program under mpirun, with its ranks."""

    def __init__(self, groups, log, environment=None):
        words = []
        for ranks, command in groups:
            words += ([":"] if words else []) + ["-n", str(ranks)] + command
        self.count = sum(ranks for ranks, _ in groups)
        self.log = log
        with open(log, "wb") as errors:
            self.launcher = subprocess.Popen(
                ["mpirun"] + words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                env={**os.environ, **(environment or {})})
        self.seen = set()

    def ranks(self):
        """The ranks that run, by process number: descendants of the launcher that run the program."""
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                status = status_of(int(entry))
                if status:
                    parents[int(entry)] = status
        family, found = {self.launcher.pid}, []
        grows = True
        while grows:
            grows = False
            for process, (name, state, parent) in parents.items():
                if parent in family and process not in family:
                    family.add(process)
                    grows = True
                    if name == PROGRAM[:15] and state != "Z":
                        found.append(process)
        self.seen.update(found)
        return sorted(found)

    def sleep(self, seconds):
        """Sleeps until the run ends, at most for some seconds. Returns whether it still runs."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.launcher.poll() is not None:
                return False
            self.ranks()
            time.sleep(min(0.02, max(end - time.monotonic(), 0)))
        return self.launcher.poll() is None

    def wait(self):
        """The exit code, negative where a signal ended the launcher. Nothing may be left running."""
        try:
            code = self.launcher.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.end()
            raise Loss(f"did not end within {LIMIT} s") from None
        left = lambda: [p for p in self.seen if (s := status_of(p)) and s[0] == PROGRAM[:15] and s[1] != "Z"]
        end = time.monotonic() + 20
        while left():
            if time.monotonic() > end:
                for process in left():
                    kill(process, signal.SIGKILL)
                raise Loss("ranks outlived their launcher by 20 s")
            time.sleep(0.02)
        return code

    def end(self):
        for process in [self.launcher.pid] + self.ranks():
            kill(process, signal.SIGKILL)

    def words(self):
        with open(self.log, errors="replace") as file:
            return file.read()


def status_of(process):
    """Name, state and parent of a process, or None."""
    try:
        with open(f"/proc/{process}/stat") as file:
            text = file.read()
    except OSError:
        return None
    head, _, rest = text.rpartition(")")
    fields = rest.split()
    return head.partition("(")[2], fields[0], int(fields[1])


def read(path):
    """A file's bytes; none where there is no file."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def kill(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass


def whole_shards(data):
    """The shards that a checkpoint holds whole, by an implementation of the format of its own (Checkpoint.swift tells
    it); None if neither of its headers is whole."""
    def end_of_header(at):
        if data[at:at + 8] != b"NNFMRI01":
            return None
        (length,) = struct.unpack_from("<q", data, at + 8) if len(data) >= at + 16 else (-1,)
        end = at + 16 + length
        if length < 0 or len(data) < end + 8 or hashlib.sha256(data[at:end]).digest()[:8] != data[end:end + 8]:
            return None
        return end + 8

    first = end_of_header(0)
    at = end_of_header(first) if first else next(
        (end for match in re.finditer(b"NNFMRI01", data) if (end := end_of_header(match.start()))), None)
    if at is None and first is None:
        return None
    at, shards = at or first, set()
    while at + 40 <= len(data):
        layer, stimulus, shard, count = struct.unpack_from("<4q", data, at)
        end = at + 32 + 4 * count
        if 0 <= count < 1 << 24 and end + 8 <= len(data) \
                and hashlib.sha256(data[at:end]).digest()[:8] == data[end:end + 8]:
            shards.add((layer, stimulus, shard))
            at = end + 8
        else:
            at += 1
    return shards


class Torture:
    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.random = random.Random(options.seed)
        self.counts = collections.Counter()
        self.losses = []
        self.finished = 0
        self.most_ranks = options.most_ranks
        self.checkpoint = os.path.join(folder, "out", "checkpoint.bin")
        self.previous = self.checkpoint + ".previous"
        self.keepsakes = os.path.join(folder, "keepsakes")
        self.prepare()

    # What is scanned

    def prepare(self):
        phantom = os.path.join(self.folder, "phantom")
        subprocess.run(
            [self.options.program, "phantom", "glyphs", "--count", "8", "--out", phantom], check=True,
            stdout=subprocess.DEVNULL)
        self.model, self.data = phantom + "/model.onnx", phantom + "/stimuli.bin"
        self.other_model = os.path.join(self.folder, "other.onnx")
        model = bytearray(read(self.model))
        # A weight's last bits: a network that runs as well and gives other values.
        middle = len(model) // 2
        model[middle:middle + 4] = bytes(byte ^ 1 for byte in model[middle:middle + 4])
        with open(self.other_model, "wb") as file:
            file.write(model)
        os.mkdir(self.keepsakes)

        start = time.monotonic()
        run = Run([(2, self.command(self.model, "whole"))], self.log())
        if run.wait() != 0:
            sys.exit("torture: the undisturbed scan failed:\n" + run.words())
        self.whole_time = time.monotonic() - start
        print(f"Undisturbed: {self.whole_time:.1f} s on 2 ranks.", flush=True)

    def command(self, model, out):
        return [
            self.options.program, "--model", model, "--data", self.data, "--out", os.path.join(self.folder, out),
            "--estimator", "permutation", "--samples", str(self.options.samples), "--grid", self.options.grid,
            "--resume", "--checkpoint-interval", "0.1s", "--progress", "none"]

    def log(self):
        return os.path.join(self.folder, "log")

    # Faults while the program runs: each gets the run, and returns the exit codes that it explains.

    def kill_rank(self, run):
        self.pause(run)
        if ranks := run.ranks():
            kill(self.random.choice(ranks), signal.SIGKILL)
        return lambda code: code != 0 or self.is_complete()

    def kill_launcher(self, run):
        self.pause(run)
        kill(run.launcher.pid, signal.SIGKILL)
        return lambda code: code in (0, -signal.SIGKILL)

    def ask_to_stop(self, run):
        self.pause(run, least=0.8)
        number = self.random.choice([signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
        everyone = self.random.random() < 0.5
        targets = [run.launcher.pid] if everyone else run.ranks()[:1]
        for target in targets:
            kill(target, number)
        return lambda code: code in (0, STOPPED)

    def write_stop_file(self, run):
        self.pause(run, least=0.8)
        path = os.path.join(self.folder, "out", "STOP")
        if os.path.isdir(os.path.dirname(path)):
            open(path, "w").close()
        return lambda code: code in (0, STOPPED)

    def stall_rank(self, run):
        """A rank that stands still for seconds, then goes on; the run goes on with it, and is then killed."""
        self.pause(run)
        if ranks := run.ranks():
            rank = self.random.choice(ranks)
            kill(rank, signal.SIGSTOP)
            run.sleep(self.random.uniform(1, 3))
            kill(rank, signal.SIGCONT)
        return self.kill_rank(run)

    def pause(self, run, least=0.0):
        """To a random moment: while ranks start, plan, check and measure, each likely enough."""
        run.sleep(self.random.uniform(least, max(self.whole_time / 4, least + 0.5)))

    # Damage to the checkpoint between two runs

    def cut_off(self, data):
        return data[:self.random.randrange(len(data) + 1)]

    def flip_bits(self, data):
        damaged = bytearray(data)
        for _ in range(self.random.randint(1, 20)):
            damaged[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)
        return bytes(damaged)

    def spoil_header(self, data):
        place = self.random.randrange(min(len(data), 4096))
        return data[:place] + self.random.randbytes(16) + data[place + 16:]

    def put_back_older(self, data):
        """The file of an earlier round, as a file system that lost writes would show it."""
        older = sorted(os.listdir(self.keepsakes))
        return read(os.path.join(self.keepsakes, self.random.choice(older))) if older else data

    def append_garbage(self, data):
        return data + self.random.randbytes(self.random.randint(1, 3000))

    def leave_draft(self, data):
        """A rewrite that was cut off before its rename."""
        with open(self.checkpoint + ".new", "wb") as file:
            file.write(data[:self.random.randrange(len(data))])
        return data

    def take_half_over(self, data):
        """A run that was killed between the two renames by which its file takes the place of the one it found."""
        os.rename(self.checkpoint, self.previous)
        self.leave_draft(data)

    def damage_checkpoint(self):
        data = read(self.checkpoint)
        damage = self.random.choice([
            self.cut_off, self.flip_bits, self.spoil_header, self.put_back_older, self.append_garbage,
            self.leave_draft] + ([self.take_half_over] if whole_shards(data) is not None else []))
        damaged = damage(data)
        # Without an earlier file to fall back on, a checkpoint without a header is refused; that isn't tried here.
        if whole_shards(damaged or b"") is None and whole_shards(read(self.previous)) is None:
            return
        self.counts["checkpoint: " + damage.__name__.replace("_", " ")] += 1
        if damaged is None:
            return
        with open(self.checkpoint, "wb") as file:
            file.write(damaged)

    def on_disk(self):
        """The shards that a run has to go on with; None where there is no checkpoint."""
        shards = whole_shards(read(self.checkpoint))
        return whole_shards(read(self.previous)) if shards is None else shards

    # Rounds

    def round(self, number):
        fault = self.faults[number % len(self.faults)]
        self.counts[fault.__name__.replace("_", " ")] += 1
        expected = self.on_disk()
        if os.path.exists(self.checkpoint):
            shutil.copy(self.checkpoint, os.path.join(self.keepsakes, f"{number:06d}"))
        fault(expected)
        if self.is_complete():
            self.compare()
        elif os.path.exists(self.checkpoint) and self.random.random() < 0.5:
            self.damage_checkpoint()

    def run_with(self, name):
        def run(expected):
            process = Run([(self.random.randint(1, self.most_ranks), self.command(self.model, "out"))], self.log())
            explains = getattr(self, name)(process)
            self.conclude(process, explains, expected)
        run.__name__ = name
        return run

    def other_model_on_a_rank(self, expected):
        """Refused, with nothing lost."""
        before = read(self.checkpoint)
        ranks = self.random.randint(1, self.most_ranks - 1)
        process = Run(
            [(ranks, self.command(self.model, "out")), (1, self.command(self.other_model, "out"))], self.log())
        code = process.wait()
        if code != BAD_INPUT or f"rank {ranks}" not in process.words():
            raise Loss(f"a rank with another model ended with {code}, not {BAD_INPUT}:\n{process.words()}")
        if read(self.checkpoint) != before:
            raise Loss("a refused run changed the checkpoint")

    def clock_jump(self, expected):
        """The wall clock leaps by years in both directions while the program runs, with a time limit set."""
        stamp = os.path.join(self.folder, "clock")
        def set_clock(text):
            with open(stamp + ".new", "w") as file:
                file.write(text)
            os.rename(stamp + ".new", stamp)
        set_clock("+0")
        process = Run(
            [(self.random.randint(1, self.most_ranks), self.command(self.model, "out") + ["--max-time", "1h"])],
            self.log(), {
                "LD_PRELOAD": self.faketime, "FAKETIME_TIMESTAMP_FILE": stamp, "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"})
        for leap in ["+3y", "-3y", "+9000d"]:
            process.sleep(self.whole_time / 12)
            set_clock(leap)
        self.conclude(process, self.kill_rank(process), expected)

    def conclude(self, process, explains, expected):
        code = process.wait()
        words = process.words()
        stop = os.path.join(self.folder, "out", "STOP")
        if os.path.exists(stop):
            os.remove(stop)
        if not explains(code):
            raise Loss(f"ended with {code}, which nothing explains:\n{words}")
        restored = re.search(r"Going on with (\d+) of \d+ shards", words)
        if restored and expected is not None and int(restored[1]) != len(expected):
            raise Loss(f"went on with {restored[1]} shards, and {len(expected)} were whole on disk")
        if code == STOPPED and expected is not None and not restored:
            raise Loss(f"did not go on with what was there:\n{words}")
        lost = (expected or set()) - (self.on_disk() or set())
        if lost and not self.is_complete():
            raise Loss(f"lost {len(lost)} shards that were whole on disk")

    def is_complete(self):
        try:
            with open(os.path.join(self.folder, "out", "scan.json")) as file:
                return re.search(r'"complete"\s*:\s*true', file.read()) is not None
        except OSError:
            return False

    def compare(self):
        """A finished scan against the undisturbed one. The next begins anew."""
        out, whole = os.path.join(self.folder, "out"), os.path.join(self.folder, "whole")
        names = lambda root: sorted(
            os.path.relpath(path, root) for path in glob.glob(root + "/**", recursive=True)
            if os.path.isfile(path) and os.path.basename(path) != "scan.json")
        different = [
            name for name in sorted(set(names(out)) | set(names(whole)))
            if not (os.path.exists(os.path.join(out, name)) and os.path.exists(os.path.join(whole, name))
                    and filecmp.cmp(os.path.join(out, name), os.path.join(whole, name), shallow=False))]
        self.finished += 1
        self.begin_anew()
        if different:
            raise Loss("other bytes in " + ", ".join(different))

    def begin_anew(self):
        shutil.rmtree(os.path.join(self.folder, "out"), ignore_errors=True)
        for name in os.listdir(self.keepsakes):
            os.remove(os.path.join(self.keepsakes, name))

    def go(self):
        self.faults = [
            self.run_with("kill_rank"), self.run_with("kill_launcher"), self.run_with("kill_rank"),
            self.run_with("stall_rank"), self.other_model_on_a_rank, self.run_with("kill_rank"),
            self.run_with("ask_to_stop"), self.run_with("kill_launcher"), self.run_with("write_stop_file")]
        self.faketime = next(iter(glob.glob("/usr/lib/*/faketime/libfaketime.so.1")), None)
        if self.faketime:
            self.faults.append(self.clock_jump)
        else:
            print("No jumps of the clock: install Debian's package libfaketime for them.")
        start = time.monotonic()
        for number in range(self.options.rounds):
            self.attempt(number, lambda: self.round(number))
            if (number + 1) % 10 == 0:
                print(f"{number + 1} rounds in {time.monotonic() - start:.0f} s, {self.finished} scans finished, "
                      f"{len(self.losses)} losses", flush=True)
        self.attempt(self.options.rounds, self.finish)
        print(f"\n{self.options.rounds} rounds, seed {self.options.seed}. Faults:")
        for name, count in sorted(self.counts.items()):
            print(f"{count:6d}  {name}")
        print(f"{self.finished} scans came to their end and were compared.\nLosses: {len(self.losses)}")
        return 1 if self.losses else 0

    def attempt(self, number, step):
        try:
            step()
        except Loss as loss:
            self.losses.append(loss)
            print(f"LOSS in round {number}: {loss}", flush=True)
            if self.options.keep:
                shutil.copytree(self.folder, f"{self.options.keep}/{number}", dirs_exist_ok=True)
            self.begin_anew()

    def finish(self):
        run = Run([(2, self.command(self.model, "out"))], self.log())
        code = run.wait()
        if code != 0:
            raise Loss(f"the last run ended with {code}:\n{run.words()}")
        self.compare()


def main():
    parser = argparse.ArgumentParser(
        prog="Scripts/torture", description="Disturbs scans and counts what is lost by it, which should be nothing.")
    parser.add_argument("--program", help="the program; built if not given")
    parser.add_argument("--rounds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1, help="of what happens when; what is hit depends on timing too")
    parser.add_argument("--samples", type=int, default=30, help="evaluations a region, which decide how long a scan is")
    parser.add_argument("--grid", default="8x8x4", help="regions of a layer, as for the program")
    parser.add_argument("--most-ranks", type=int, default=5)
    parser.add_argument("--keep", metavar="DIR", help="copies the folder of a loss there")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="nnfmri-torture-")
    try:
        return Torture(options, folder).go()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
