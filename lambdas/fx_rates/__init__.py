"""Brings the euro reference rates of the European Central Bank into the lake, a day at a time."""
