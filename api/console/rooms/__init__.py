"""One file per room of the console: log in, inbox, order, list, register, photos, my page, live changes."""
