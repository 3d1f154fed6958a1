"""The durable processes. Empty on purpose: the workflow sandbox imports it for every cached workflow."""
