"""WORDS: the vocabulary every other folder speaks. Nothing here imports torch at run time."""

from .batch import JSON, Answers, Batch, Features, Layout, Losses, Records, Signal
from .errors import BundleError, DataError, UserError, nearest
from .schema import ROLES, Column, Role, Schema
from .table import Table

__all__ = [
    "JSON",
    "ROLES",
    "Answers",
    "Batch",
    "BundleError",
    "Column",
    "DataError",
    "Features",
    "Layout",
    "Losses",
    "Records",
    "Role",
    "Schema",
    "Signal",
    "Table",
    "UserError",
    "nearest",
]
