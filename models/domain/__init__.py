"""The rules of the house, pure: standard library and pydantic only; no clock, no I/O, no Temporal, no SQL."""
