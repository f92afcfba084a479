"""WORDS: the vocabulary every other folder speaks. Nothing here imports torch at run time."""

from .columns import ROLES, Column, Role, Schema
from .errors import BundleError, DataError, UserError, nearest
from .signals import JSON, Answers, Batch, Features, Layout, Losses, Records, Signal
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
