"""Tests of the migrations, on a real Postgres."""
