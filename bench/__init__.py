"""Measured comparisons: what Wuyou does per second, beside what the parts it is made of do bare, in the same run."""
