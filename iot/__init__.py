"""Gates, doors and lifts over MQTT. Commands go out and scans come in here; no workflow is waited for."""
