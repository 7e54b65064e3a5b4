"""An independent second implementation of the behaviour contract, in SQL."""
