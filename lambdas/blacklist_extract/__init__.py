"""Extracts the blacklist from MySQL: a full snapshot, cleaned, guarded and put in one piece."""
