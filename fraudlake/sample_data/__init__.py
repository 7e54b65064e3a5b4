"""Seeded sample data with a known truth: inputs of a scoring run, and what must come out of it.

Ordinary payments look ordinary; planted ones (fraud of every kind, controls just beside each
rule, faulty rows of every reason) are listed line by line in `truth/planted.csv`.
"""

from fraudlake.sample_data.plan import SamplePlan, SampleSummary
from fraudlake.sample_data.write import write_sample_data

__all__ = ["SamplePlan", "SampleSummary", "write_sample_data"]
