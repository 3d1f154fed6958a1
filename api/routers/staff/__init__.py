"""What staff clients call; the console calls the same functions."""
