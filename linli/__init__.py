"""Linli: reach every household, miss nobody, account for every door."""

__version__ = "0.1.0"
