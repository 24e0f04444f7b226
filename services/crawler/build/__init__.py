"""Building what was fetched: how it says that it builds, its own make in the sandbox, and coqc on each file."""

from crawler.build.builder import Builder, Built
from crawler.build.limited import LimitedToolchain, require_sandbox

__all__ = ["Builder", "Built", "LimitedToolchain", "require_sandbox"]
