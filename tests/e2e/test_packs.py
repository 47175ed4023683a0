"""An extension pack is uploaded, and a miner of another maker is read."""

from pathlib import Path

from playwright.sync_api import expect

from .browser import ROOT
from .conftest import OpenTab
from .house import HOST, House
from .ui import INTEGRATION, choose, devices, field, press, text, upload

PACK = ROOT / "docs" / "examples" / "whatsminer" / "pack.yaml"


def test_a_pack_is_uploaded(house: House, open_tab: OpenTab, tmp_path: Path) -> None:
    """A broken one is refused in words; a good one is shown, installed, and reads a WhatsMiner."""
    tab = open_tab()
    house.sign_in(tab)
    house.open(tab, INTEGRATION)
    press(tab, "Add hub")
    choose(tab, "Extension packs: other miners and firmware")
    choose(tab, "Upload a pack")

    broken = tmp_path / "broken.yaml"
    broken.write_text("pack: 1\nid: X\nname: 5\n")
    upload(tab, broken)
    press(tab, "Submit")
    tab.page.get_by_text("This cannot be installed").wait_for()
    tab.screenshot("pack-refused")

    tab.page.locator("ha-file-upload").get_by_role("button").click()
    upload(tab, PACK)
    press(tab, "Submit")
    text(tab, "Install this pack?").wait_for()
    tab.screenshot("pack")
    press(tab, "Submit")
    tab.page.get_by_text("Created configuration for Extension packs.").wait_for()
    press(tab, "Finish")

    press(tab, "Add miners")
    field(tab, "Addresses").fill(HOST)
    field(tab, "Port").fill(str(house.farm_port + 12))
    press(tab, "Submit")
    tab.page.get_by_text("Created configuration for M30S").wait_for()
    press(tab, "Finish")
    name = next(name for name in devices(tab) if name.startswith("M30S"))
    house.open(tab, f"/config/devices/device/{devices(tab)[name]}")
    expect(tab.page.get_by_text("TH/s").first).to_be_visible()
    tab.screenshot("pack-device", full_page=True)
