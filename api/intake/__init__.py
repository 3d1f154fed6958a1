"""Taking in new orders: one file for each kind, and what all kinds share."""
