"""The same night and the same backfill, by fraudlake and by what a user would pick instead."""
