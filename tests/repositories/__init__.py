"""Tests of the statements, against a real Postgres."""
