"""Whether a request that failed can have reached the other side."""

from __future__ import annotations

import ssl

import requests
import urllib3


def never_sent(error: requests.RequestException) -> bool:
    """Whether the request certainly did not leave this machine."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, urllib3.exceptions.SSLError):
        return isinstance(reason.args[0] if reason.args else None, ssl.SSLCertVerificationError)
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)
