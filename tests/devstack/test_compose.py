"""``docker-compose.yml`` and ``Dockerfile`` name only what exists, and set up what the embedded stack sets up."""

from __future__ import annotations

import importlib.util
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from devstack.assets import FILES
from devstack.parts.mqtt import ACCESS
from devstack.parts.temporal import MAX_UPDATES_IN_FLIGHT, SEARCH_ATTRIBUTES
from devstack.processes import REPOSITORY
from settings import Settings

OURS = ("migrations", "worker", "api")
# What somebody would write into .env, in the form that the setting wants; all other texts are free.
EXAMPLES = {
    "PAYLOAD_KEYS": '{"k1": "x"}',
    "PLATE_CAMERA_SECRETS": '{"xfl": "x"}',
    "PROOF_KEYS": '["x"]',
    "SMS_TEMPLATE_IDS": '{"no_access": "x"}',
    "WECHAT_PUSH_AES_KEY": "a" * 43,
    "WECHAT_TEMPLATE_IDS": '{"mini:progress": "x"}',
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
    return loaded


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


@pytest.fixture(scope="module")
def environment(services: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = services["api"]["environment"]
    return found


def filled(text: str) -> str:
    """The text with its ${VARIABLES} replaced by their default or an example."""

    def value(match: re.Match[str]) -> str:
        name, default = match.group(1), match.group(2)
        return default or EXAMPLES.get(name, "example")

    return re.sub(r"\$\{(\w+)(?::-([^}]*)|:?\?)?\}", value, text)


def test_every_variable_is_a_setting_that_takes_its_value(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {f"WUYOU_{name.upper()}" for name in Settings.model_fields}
    assert set(environment) <= fields
    for name, text in environment.items():
        monkeypatch.setenv(name, filled(text))
    settings = Settings()
    assert settings.model_fields_set == {name.removeprefix("WUYOU_").lower() for name in environment}


def test_every_setting_without_a_usable_default_is_given(environment: dict[str, str]) -> None:
    needed = {
        name
        for name, field in Settings.model_fields.items()
        if field.get_default(call_default_factory=True) in ("", {}, [])
    }
    assert {f"WUYOU_{name.upper()}" for name in needed} <= set(environment)


def test_no_secret_has_a_default(environment: dict[str, str]) -> None:
    for name, text in environment.items():
        if name.endswith(("_SECRET", "_KEY", "_KEYS", "_TOKEN")):
            assert re.fullmatch(r"\$\{\w+:?\?\}", text), name


def test_our_services_run_modules_that_exist_with_the_same_settings(services: dict[str, Any]) -> None:
    for name in OURS:
        _python, _m, module, *_rest = services[name]["command"]
        assert importlib.util.find_spec(f"{module}.__main__") is not None, module
        assert services[name]["environment"] == services["api"]["environment"]


def test_addresses_lead_to_services_and_their_ports(services: dict[str, Any], environment: dict[str, str]) -> None:
    ports = {"postgres": 5432, "temporal": 7233, "mosquitto": 1883}
    for name in ("WUYOU_DATABASE_URL", "WUYOU_TEMPORAL_ADDRESS", "WUYOU_MQTT_URL"):
        text = filled(environment[name])
        address = urlsplit(text if "//" in text else f"//{text}")
        assert address.hostname in services, name
        assert address.port == ports[address.hostname], name


def test_published_ports_are_those_that_the_settings_name(
    services: dict[str, Any], environment: dict[str, str]
) -> None:
    inside = {service: {port.split(":")[-1] for port in services[service].get("ports", [])} for service in services}
    assert inside["api"] == {environment["WUYOU_API_PORT"]}
    assert inside["worker"] == {environment["WUYOU_CODEC_PORT"]}
    assert str(urlsplit(filled(environment["WUYOU_TEMPORAL_UI_URL"])).port) in inside["temporal-ui"]
    exposed = re.search(r"^EXPOSE (.+)$", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE)
    assert exposed is not None
    assert set(exposed.group(1).split()) == inside["api"] | inside["worker"]


def test_services_wait_for_services_that_exist(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, condition in service.get("depends_on", {}).items():
            assert other in services, name
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in services[other], f"{name} waits for {other}, which never says that it is well"


def test_temporal_is_set_up_as_the_embedded_one(compose: dict[str, Any], services: dict[str, Any]) -> None:
    script = services["temporal-setup"]["command"][0]
    assert dict(re.findall(r"--name (\w+) --type (\w+)", script)) == SEARCH_ATTRIBUTES
    dynamic = yaml.safe_load(compose["configs"]["temporal-dynamic"]["content"])
    assert dynamic == {"history.maxInFlightUpdates": [{"value": MAX_UPDATES_IN_FLIGHT}]}
    assert services["temporal-ui"]["environment"]["TEMPORAL_DISABLE_WRITE_ACTIONS"] == "true"


def test_the_broker_has_the_same_rules_as_the_embedded_one(compose: dict[str, Any]) -> None:
    def rules(text: str) -> list[str]:
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    assert rules(compose["configs"]["mosquitto-access"]["content"]) == rules(ACCESS.format(platform="wuyou"))


def test_every_config_and_volume_is_declared(compose: dict[str, Any], services: dict[str, Any]) -> None:
    for service in services.values():
        assert {config["source"] for config in service.get("configs", [])} <= set(compose["configs"])
        assert {volume.split(":")[0] for volume in service.get("volumes", [])} <= set(compose["volumes"])


def test_the_image_holds_the_same_browser_files() -> None:
    dockerfile = (REPOSITORY / "Dockerfile").read_text()
    assert re.findall(r"node_modules/(\S+) api/console/static/vendor/", dockerfile) == list(FILES)
