"""The staff console: server-drawn pages (Jinja2), kept fresh by htmx.

It acts through the same functions as the JSON interface.
"""
