"""A stand-in for Glue's library on plain PySpark: the part that the jobs of this project call.

Written from AWS's documentation and the public signatures, which a test compares. Modules and
names that begin with an underscore are the stand-in's own; what Glue has and this has not is
missing here, too, so that a job that calls it fails at once.
"""
