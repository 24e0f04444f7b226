"""Compiling projects, so that their files can be required, without writing in anybody's source tree."""

from coq_checker.builds.build import Build, BuildError, FileResult, build_project

__all__ = ["Build", "BuildError", "FileResult", "build_project"]
