"""Seeded inputs of any size: the same plan gives the same bytes."""
