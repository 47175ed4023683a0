"""A HiveOS account whose token was revoked gets a new one."""

from playwright.sync_api import expect

from .conftest import OpenTab
from .house import HIVE_TOKEN, House, request
from .ui import INTEGRATION, field, press

REFUSAL_DEADLINE = 60_000
"""Milliseconds: an account is asked every 30 seconds at most."""


def test_a_new_token(house: House, open_tab: OpenTab) -> None:
    """That it is refused is on the page; another account's token is not taken, the right one is."""
    tab = open_tab()
    house.sign_in(tab)
    house.open(tab, INTEGRATION)
    tab.page.get_by_text("Simulated HiveOS").first.wait_for()
    request(f"{house.hive_control}/token/owner/revoke", {})
    try:
        tab.page.get_by_text("Attention required").wait_for(timeout=REFUSAL_DEADLINE)
        tab.screenshot("hiveos-refused")
        press(tab, "Reconfigure")
        tab.page.get_by_text("HiveOS no longer accepts the token").wait_for()
        field(tab, "API token").fill(f"{HIVE_TOKEN}-other")
        press(tab, "Submit")
        tab.page.get_by_text("This token belongs to another HiveOS account").wait_for()
        tab.screenshot("hiveos-reauth")
    finally:
        request(f"{house.hive_control}/token/owner/restore", {})
    field(tab, "API token").fill(HIVE_TOKEN)
    press(tab, "Submit")
    tab.page.get_by_text("successful").wait_for()
    press(tab, "Close")
    expect(tab.page.get_by_text("Attention required")).to_be_hidden()
