"""Tests of what happens outside: photos, notices, the relay and the sweep, against the real outside or its stand-in."""
