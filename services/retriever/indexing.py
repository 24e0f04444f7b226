"""Building indexes: what callers outside of the service use."""

from retriever.index.asking import Asker, CheckerAsker
from retriever.index.build import Built, IndexFailedError, build_index
from retriever.index.place import index_folder, unit_folder
from retriever.index.source import SourceFile, Unit

__all__ = [
    "Asker",
    "Built",
    "CheckerAsker",
    "IndexFailedError",
    "SourceFile",
    "Unit",
    "build_index",
    "index_folder",
    "unit_folder",
]
