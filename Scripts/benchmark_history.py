"""Keeps what Scripts/benchmark measured, one JSON object a line, and compares commits on one machine.

  benchmark_history.py append HISTORY FIELD=VALUE...    adds a run of the checked-out commit
  benchmark_history.py compare HISTORY COMMIT           ratios of the checked-out commit to COMMIT

Runs are compared where machine and workload are equal; of several runs of a commit the median counts.
"""

import datetime
import json
import os
import statistics
import subprocess
import sys

# What is compared, and whether more is better.
QUANTITIES = {
    "seconds_1": ("scan on 1 rank, s", False),
    "seconds_2": ("scan on 2 ranks, s", False),
    "evaluations_per_second_1": ("evaluations/s on 1 rank", True),
    "evaluations_per_second_2": ("evaluations/s on 2 ranks", True),
    "peak_mb_1": ("peak MB a rank, 1 rank", False),
    "peak_mb_2": ("peak MB a rank, 2 ranks", False),
    "speed_up": ("speed-up of 2 ranks", True),
    "share_of_bare_runtime": ("evaluations/s over the bare runtime's", True),
}


def git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def checked_out():
    """The commit, with a + where tracked files differ from it."""
    changed = git("status", "--porcelain", "--untracked-files=no")
    return git("rev-parse", "HEAD") + ("+" if changed else "")


def machine():
    """The processor's name and the number of cores that this process may use."""
    with open("/proc/cpuinfo") as lines:
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {"cpu": names[0] if names else os.uname().machine, "cores": len(os.sched_getaffinity(0))}


def append(path, fields):
    run = {
        "commit": checked_out(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": machine(),
        "workload": {},
    }
    for field in fields:
        name, value = field.split("=", 1)
        if name in QUANTITIES:
            run[name] = float(value)
        else:
            run["workload"][name] = value
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "a") as history:
        history.write(json.dumps(run, sort_keys=True) + "\n")


def compare(path, name):
    try:
        with open(path) as history:
            runs = [json.loads(line) for line in history if line.strip()]
    except FileNotFoundError:
        sys.exit(f"{path} isn't there: run Scripts/benchmark on both commits first")
    now = checked_out()
    then = git("rev-parse", "--verify", name.rstrip("+") + "^{commit}") + ("+" if name.endswith("+") else "")
    here = [run for run in runs if run["machine"] == machine()]
    ours = [run for run in here if run["commit"] == now]
    if not ours:
        sys.exit(f"{path} has no run of {now[:10]} on this machine: run Scripts/benchmark")
    workload = ours[-1]["workload"]
    ours = [run for run in ours if run["workload"] == workload]
    theirs = [run for run in here if run["commit"] == then and run["workload"] == workload]
    if not theirs:
        sys.exit(f"{path} has no run of {then[:10]} with the same workload on this machine: check it out and run Scripts/benchmark")
    short = {commit: commit[:10] + ("+" if commit.endswith("+") else "") for commit in (now, then)}
    print(f"{machine()['cpu']}, {machine()['cores']} cores; " + ", ".join(f"{key} {value}" for key, value in sorted(workload.items())))
    print(f"{'':<38}{short[then]:>12}{short[now]:>12}{'ratio':>8}")
    print(f"{'runs':<38}{len(theirs):>12}{len(ours):>12}")
    for key, (label, more_is_better) in QUANTITIES.items():
        values = [[run[key] for run in group if key in run] for group in (theirs, ours)]
        if all(values):
            old, new = map(statistics.median, values)
            ratio = new / old if old else float("nan")
            verdict = "" if abs(ratio - 1) < 0.02 else "  better" if (ratio > 1) == more_is_better else "  worse"
            print(f"{label:<38}{old:>12.4g}{new:>12.4g}{ratio:>8.3f}{verdict}")


def main(arguments):
    if len(arguments) >= 2 and arguments[0] == "append":
        append(arguments[1], arguments[2:])
    elif len(arguments) == 3 and arguments[0] == "compare":
        compare(*arguments[1:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
