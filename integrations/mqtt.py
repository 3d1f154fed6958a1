"""The MQTT broker of gates, doors and lifts, as far as anybody needs to know whether it is there."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

PORT: Final = 1883
TLS_PORT: Final = 8883
"""Where a broker listens whose address names no port."""


class MqttUnavailable(ConnectionError):
    """Nobody answers, or the broker does not let the platform in."""


def ping(url: str, seconds: float) -> None:
    """Log in and out again; each step may take so long.

    `url` is `mqtt://user:password@host:port`, or `mqtts://` for TLS. Blocks. Raises MqttUnavailable, OSError.
    """
    address = urlsplit(url)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.username_pw_set(address.username, address.password)
    secure = address.scheme == "mqtts"
    if secure:
        client.tls_set()
    client.connect_timeout = seconds
    client.connect(address.hostname or "", address.port or (TLS_PORT if secure else PORT))
    try:
        while client.loop(timeout=seconds) == mqtt.MQTT_ERR_SUCCESS:
            if client.is_connected():
                return
        raise MqttUnavailable("the broker does not let us in")
    finally:
        client.disconnect()
