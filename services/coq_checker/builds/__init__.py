"""Compiling projects, so that their files can be required, without writing in anybody's source tree."""

from coq_checker.builds.build import Progress, build_project
from coq_checker.builds.layout import Unit, lay_out
from coq_checker.builds.libraries import MissingLibrary, missing_libraries
from coq_checker.builds.result import Build, BuildError, FileResult, FileStatus

__all__ = [
    "Build",
    "BuildError",
    "FileResult",
    "FileStatus",
    "MissingLibrary",
    "Progress",
    "Unit",
    "build_project",
    "lay_out",
    "missing_libraries",
]
