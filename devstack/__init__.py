"""The embedded stack: every server Wuyou needs, started and watched from one checkout."""
