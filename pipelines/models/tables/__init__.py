"""Pipelines for tables, one a file."""
