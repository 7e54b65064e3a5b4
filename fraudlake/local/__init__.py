"""The same cloud on one machine: reads what the CDK synthesizes, and plays it."""
