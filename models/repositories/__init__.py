"""Every SQL statement of the product: plain functions on a connection. They never commit; the caller owns the transaction."""
