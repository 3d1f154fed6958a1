"""Every SQL statement of the product. Plain functions on a connection; they never commit, the caller owns the transaction."""
