"""Athena: SQL over the catalog, answered by DuckDB."""
