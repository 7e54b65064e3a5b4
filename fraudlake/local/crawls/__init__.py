"""What a crawler does: partitions that are not registered yet."""
