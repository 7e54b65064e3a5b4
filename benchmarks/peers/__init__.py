"""The same task with the default rules, as its users would write it with other tools.

Each module is a program of its own: `python -m benchmarks.peers.duckdb_sql --transactions ...`.
"""
