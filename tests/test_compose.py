"""compose.yaml: a look at the integration without installing anything. Docker runs in no test; what it is told is read."""

import json
import shlex
from typing import Any

import yaml

from custom_components.antminer_monitor.const import DOMAIN
from custom_components.antminer_monitor.miner_source import WEB_PORT
from simulator.__main__ import arguments

from .test_metadata import ROOT

SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())[
    "services"
]


def test_folders() -> None:
    """What is shown to the containers is there, cannot be changed by them, and is where it is looked for."""
    mounts = [
        mount.split(":")
        for service in SERVICES.values()
        for mount in service["volumes"]
        if mount.startswith("./")
    ]
    assert len(mounts) == 3
    for source, target, mode in mounts:
        assert (ROOT / source).is_dir()
        assert mode == "ro"
        assert not target.startswith("/config") or target == f"/config/{source[2:]}"


def test_images() -> None:
    """Both run the same Home Assistant, one that the integration accepts."""
    (image,) = {service["image"] for service in SERVICES.values()}
    name, _, tag = image.partition(":")
    assert name == "homeassistant/home-assistant"
    oldest = json.loads((ROOT / "hacs.json").read_text())["homeassistant"]
    assert [int(part) for part in tag.split(".")] >= [
        int(part) for part in oldest.split(".")[:2]
    ]
    assert f"./custom_components/{DOMAIN}:" in str(SERVICES["homeassistant"]["volumes"])


def test_simulator() -> None:
    """It is started with options that it has, the library that the tests have, and on the ports that are asked."""
    (command,) = SERVICES["simulator"]["command"]
    install, _, run = command.partition("&&")
    assert "$" not in command
    assert install.split()[-1] in (ROOT / "pyproject.toml").read_text()
    words = shlex.split(run)
    assert words[:4] == ["exec", "python3", "-m", "simulator"]
    options = arguments(words[4:])
    assert options.addresses
    assert options.web
    assert options.web_port == WEB_PORT
    assert options.extras
    assert options.hive_port == 4080
    assert SERVICES["simulator"]["network_mode"] == "service:homeassistant"


def test_only_for_this_computer() -> None:
    """Nobody else reaches it: its users and passwords are known to all."""
    for service in SERVICES.values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")
