"""The processes of Glue jobs, and what Spark needs in them."""
