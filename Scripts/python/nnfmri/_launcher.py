"""The command nnfmri-mpi: finds the libraries and becomes the program."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from nnfmri._environment import MissingError, environment, program

_UNAVAILABLE = 69
# By what launchers tell a process its rank.
_RANKS = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK", "SLURM_PROCID")


def main() -> NoReturn:
    """Replaces this process by the program, with its arguments. Where something is missing, rank 0 says what."""
    try:
        path, variables = program(), environment()
    except MissingError as error:
        rank = next((os.environ[name] for name in _RANKS if name in os.environ), "0")
        if rank == "0":
            print(f"nnfmri-mpi: {error}.", file=sys.stderr)
        sys.exit(_UNAVAILABLE)
    os.execve(path, ["nnfmri-mpi", *sys.argv[1:]], variables)
