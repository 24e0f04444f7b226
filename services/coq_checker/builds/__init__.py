"""Compiling projects, so that their files can be required, without writing in anybody's source tree."""

from coq_checker.builds.build import Progress, build_project
from coq_checker.builds.layout import Unit, lay_out
from coq_checker.builds.libraries import MissingLibrary, missing_libraries
from coq_checker.builds.result import Build, BuildError, BuildFaultError, FileResult, FileStatus
from coq_checker.builds.writing import cannot_write, machine_fault

__all__ = [
    "Build",
    "BuildError",
    "BuildFaultError",
    "FileResult",
    "FileStatus",
    "MissingLibrary",
    "Progress",
    "Unit",
    "build_project",
    "cannot_write",
    "lay_out",
    "machine_fault",
    "missing_libraries",
]
