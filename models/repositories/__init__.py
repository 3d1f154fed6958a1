"""Every SQL statement of the product: plain functions on a connection. The caller owns the transaction and commits."""
