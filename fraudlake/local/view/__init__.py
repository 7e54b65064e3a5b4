"""A run of a workflow as a person follows it."""
