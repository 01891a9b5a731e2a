"""Finds what the program needs beside its wheel: ONNX Runtime's library and MPICH's.

Standard library only, since every rank that mpirun starts runs this before it becomes the program.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import os
import shutil
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_PROGRAM = _HERE / "nnfmri-mpi"
# Debian calls MPICH's library libmpich.so.12, all others call it libmpi.so.12, which the program asks for. This folder holds
# a library of that name that is nothing but a reference to Debian's.
_MPICH_OF_DEBIAN = _HERE / "mpich-of-debian"
_INTERFACE = "libmpi.so.12"
_NAMES = (_INTERFACE, "libmpich.so.12")
# What MPI_Get_library_version begins with, of libraries with MPICH's binary interface.
_FAMILY = ("mpich", "intel(r) mpi", "mvapich", "cray mpich", "parastation")


class MissingError(Exception):
    """Something that the program needs isn't there or doesn't fit; the message says what, and how to mend it."""


def program() -> Path:
    """The program: the wheel's own, or the one that `NNFMRI_PROGRAM` names."""
    named = os.environ.get("NNFMRI_PROGRAM")
    path = Path(named) if named else _PROGRAM
    if not path.is_file():
        raise MissingError(f"there is no program at {path}: install the wheel, or name one in NNFMRI_PROGRAM")
    return path


def environment(inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that the program runs in: `inherited` and where the two libraries are.

    Raises MissingError where one can't be found or doesn't fit.
    """
    result = dict(os.environ if inherited is None else inherited)
    if not result.get("NNFMRI_ONNXRUNTIME"):
        result["NNFMRI_ONNXRUNTIME"] = str(_onnxruntime())
    # A program from elsewhere has found its MPI when it was linked.
    if "NNFMRI_PROGRAM" not in result:
        folders = [str(folder) for folder in _mpi_folders(result)]
        if result.get("LD_LIBRARY_PATH"):
            folders.append(result["LD_LIBRARY_PATH"])
        if folders:
            result["LD_LIBRARY_PATH"] = os.pathsep.join(folders)
    return result


def launcher() -> str:
    """mpirun: the environment's, or else the system's."""
    for folder in _script_folders():
        if (own := folder / "mpirun").is_file():
            return str(own)
    if found := shutil.which("mpirun"):
        return found
    raise MissingError("there is no mpirun: run pip install mpich, or install Debian's package mpich")


def _onnxruntime() -> Path:
    """ONNX Runtime's library in the package onnxruntime, which other builds of it (onnxruntime-gpu) are called too."""
    found = importlib.util.find_spec("onnxruntime")
    places = found.submodule_search_locations if found else None
    libraries = [library for place in places or [] for library in Path(place, "capi").glob("libonnxruntime.so*")]
    if not libraries:
        raise MissingError(
            "ONNX Runtime's library isn't there: run pip install onnxruntime, or name one in NNFMRI_ONNXRUNTIME")
    return max(libraries)


def _mpi_folders(environment: Mapping[str, str]) -> list[Path]:
    """The folders that the loader has to search for an MPI library that fits, first to last."""
    if "OMPI_COMM_WORLD_SIZE" in environment:
        raise MissingError(
            "this was started by Open MPI's mpirun, whose ranks MPICH's library can't join: use MPICH's mpirun, "
            "which pip install mpich brings")
    named = environment.get("NNFMRI_MPI")
    refusals = []
    for candidate in [named] if named else _mpi_candidates():
        try:
            version = _version(candidate)
        except OSError as error:
            if named:
                raise MissingError(f"NNFMRI_MPI names {named}, which can't be loaded: {error}") from None
            if "/" in candidate:
                refusals.append(str(error))
            continue
        if not version.lower().startswith(_FAMILY):
            refusals.append(f"{candidate} is {version.split(',')[0]}")
            continue
        path = Path(candidate)
        folders = [path.parent] if "/" in candidate else []
        if path.name.startswith("libmpich."):
            return [_MPICH_OF_DEBIAN, *folders]
        if folders and not (path.parent / _INTERFACE).exists():
            refusals.append(f"{path.parent} has no {_INTERFACE}")
            continue
        return folders
    found = f" ({'; '.join(refusals)})" if refusals else ""
    raise MissingError(
        f"no MPI library with MPICH's binary interface was found{found}: run pip install mpich, or name one in NNFMRI_MPI")


def _mpi_candidates() -> Iterator[str]:
    """Where MPICH's library may be, best first: the environment's, the one beside mpirun, the loader's."""
    for name in ("mpich", "impi-rt"):
        try:
            files = importlib.metadata.files(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for file in files:
            if file.name == _INTERFACE and (path := Path(str(file.locate()))).is_file():
                yield str(path.resolve().parent / path.name)
    if mpirun := shutil.which("mpirun"):
        prefix = Path(mpirun).resolve().parent.parent
        for folder in (prefix / "lib", prefix / "lib64", *prefix.glob("lib/*-linux-gnu")):
            yield from (str(folder / name) for name in _NAMES if (folder / name).is_file())
    yield from _NAMES


def _version(library: str) -> str:
    """What an MPI library calls itself. Raises OSError where it can't be loaded or is none."""
    loaded = ctypes.CDLL(library)
    try:
        ask = loaded.MPI_Get_library_version
    except AttributeError:
        raise OSError(f"{library} is no MPI library") from None
    text, length = ctypes.create_string_buffer(8192), ctypes.c_int()
    ask(text, ctypes.byref(length))
    return " ".join(text.value.decode(errors="replace").split())


def _script_folders() -> Iterator[Path]:
    """Where pip puts this environment's programs, and those of packages installed for one user."""
    yield Path(sysconfig.get_path("scripts"))
    yield Path(sysconfig.get_path("scripts", f"{os.name}_user"))
