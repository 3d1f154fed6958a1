"""What owners, their families and tenants call."""
