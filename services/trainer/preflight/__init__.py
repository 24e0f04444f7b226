"""What a training needs against what is there, before anything is started."""

from trainer.preflight.checks import check
from trainer.preflight.findings import Finding, State

__all__ = ["Finding", "State", "check"]
