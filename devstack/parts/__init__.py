"""The parts of the embedded stack, one file each."""
