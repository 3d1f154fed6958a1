"""The outside systems, one file each. Nothing here knows an order or a rule of the house."""
