"""Runs a command and writes what it took.

    measured.py FILE COMMAND...

FILE becomes JSON: seconds of wall time, seconds of all processors, and the largest memory of one process in MB. Ends with the
command's exit code, and writes nothing where that isn't 0.
"""
import json
import os
import pathlib
import resource
import subprocess
import sys
import time


def main():
    start = time.monotonic()
    code = subprocess.run(sys.argv[2:], check=False).returncode
    if code:
        sys.exit(code)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    record = {
        "seconds": time.monotonic() - start, "processor_seconds": used.ru_utime + used.ru_stime,
        "largest_megabytes": used.ru_maxrss / 1024, "load": os.getloadavg()[0],
    }
    pathlib.Path(sys.argv[1]).write_text(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
