"""Where experiments are kept: SQLite on one machine, Parquet parts where they are many."""

from evaluator.store.experiments import ExperimentStore, default_store
from evaluator.store.values import Outcome, Run, StoreError, Verification

__all__ = ["ExperimentStore", "Outcome", "Run", "StoreError", "Verification", "default_store"]
