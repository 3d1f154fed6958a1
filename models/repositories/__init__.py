"""Every SQL statement of the product, shared by synchronous and asynchronous callers."""
