"""Where experiments are kept: SQLite on one machine, Parquet parts where they are many."""

from evaluator.store.experiments import ExperimentStore, default_store
from evaluator.store.values import (
    OtherSettingsError,
    Outcome,
    PassingError,
    Run,
    StoreError,
    UnusableError,
    Verification,
)

__all__ = [
    "ExperimentStore",
    "OtherSettingsError",
    "Outcome",
    "PassingError",
    "Run",
    "StoreError",
    "UnusableError",
    "Verification",
    "default_store",
]
