"""Glue's workflows, triggers, job runs and crawls, by Glue's rules."""
