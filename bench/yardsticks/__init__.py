"""What the same parts do with nothing of ours in between: the measure that every rate is held against."""
