"""What Glue puts on the path of a job's process, and this folder puts there on one machine."""
