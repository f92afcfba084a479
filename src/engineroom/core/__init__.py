"""WORDS: the vocabulary every other folder speaks. Nothing here imports torch at run time."""

from .batch import JSON, Batch, Features, Layout, Losses, Predictions, RowResults, Signal
from .errors import BundleError, DataError, UserError, nearest
from .schema import ROLES, Column, Role, Schema
from .table import Table

__all__ = [
    "JSON",
    "ROLES",
    "Batch",
    "BundleError",
    "Column",
    "DataError",
    "Features",
    "Layout",
    "Losses",
    "Predictions",
    "Role",
    "RowResults",
    "Schema",
    "Signal",
    "Table",
    "UserError",
    "nearest",
]
