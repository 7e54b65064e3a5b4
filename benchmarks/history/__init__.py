"""What nights of fraudlake would have left behind, laid down without running them all."""
