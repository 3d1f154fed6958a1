"""The worker process: composition root, registry, relay and codec endpoint."""
