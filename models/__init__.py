"""Rules, tables, statements and migrations. Empty on purpose: workflows import `models.domain` through it."""
