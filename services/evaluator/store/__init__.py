"""Where experiments are kept: SQLite on one machine, Parquet parts where they are many."""

from evaluator.store.experiments import ExperimentStore, default_store
from evaluator.store.values import OtherSettingsError, Outcome, Run, StoreError, Verification

__all__ = ["ExperimentStore", "OtherSettingsError", "Outcome", "Run", "StoreError", "Verification", "default_store"]
