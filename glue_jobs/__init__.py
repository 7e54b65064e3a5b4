"""The scripts that Glue runs: adapters around the function and the core."""
