"""The HTTP side: owners' clients, staff clients, the console, callbacks. Thin: parse, authorise, one call, map."""
