"""Selecting rigs and telling them what to do: only what this user may, and never unasked."""

from playwright.sync_api import Locator, expect

from .conftest import ShowFleet, Shown
from .rigs import fleet, row


def box(shown: Shown, name: str) -> Locator:
    """Return the checkbox of a row in sight."""
    return shown.row(name).get_by_role("checkbox")


def select(shown: Shown, *names: str) -> None:
    """Select rows, one by one."""
    for name in names:
        box(shown, name).click()


def action(shown: Shown, name: str) -> Locator:
    """Return the button of an action."""
    return shown.card.locator(f"[data-action={name}]")


def confirm(shown: Shown) -> Locator:
    """Return the button that does what was asked."""
    return shown.card.locator("dialog [data-confirm]")


def test_three_are_rebooted(show_fleet: ShowFleet) -> None:
    """The question names the action, how many and which; the service gets their devices, no others."""
    rows = fleet(50)
    shown = show_fleet(rows)
    names = shown.all_names()[1:4]
    ids = [rig["device_id"] for name in names for rig in rows if rig["name"] == name]
    select(shown, *names)
    expect(shown.card.get_by_text("3 miners selected")).to_be_visible()
    action(shown, "reboot").click()
    dialog = shown.card.get_by_role("dialog", name="Reboot 3 miners?")
    expect(dialog).to_be_visible()
    for name in names:
        expect(dialog.get_by_text(name, exact=True)).to_be_visible()
    assert shown.calls() == []
    shown.page.evaluate(
        "names => { fake.outcomes = names.map(name => ({ name, result: 'done', error: null })) }",
        names,
    )
    confirm(shown).click()
    expect(dialog).to_be_hidden()
    expect(shown.card.get_by_text("Reboot: done on 3 miners.")).to_be_visible()
    assert shown.calls() == [
        {
            "domain": "antminer_monitor",
            "service": "reboot",
            "data": {},
            "target": {"device_id": ids},
            "notifyOnError": False,
            "returnResponse": True,
        }
    ]


def test_no_is_no(show_fleet: ShowFleet) -> None:
    """Cancel, the first thing that Enter meets, and Escape: nothing is told to anybody."""
    shown = show_fleet(fleet(5))
    select(shown, shown.names()[0])
    for answer in ("Enter", "Escape"):
        action(shown, "shutdown").click()
        dialog = shown.card.get_by_role("dialog", name="Shut down 1 miner?")
        expect(dialog.get_by_text("Somebody may have to walk")).to_be_visible()
        expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
        shown.page.keyboard.press(answer)
        expect(dialog).to_be_hidden()
        expect(action(shown, "shutdown")).to_be_focused()
    assert shown.calls() == []


def test_the_focus_stays_in_the_question(show_fleet: ShowFleet) -> None:
    """The Tab key does not lead out of the dialog to what lies below."""
    shown = show_fleet(fleet(5))
    select(shown, *shown.names()[:2])
    action(shown, "reboot").click()
    for _ in range(6):
        shown.page.keyboard.press("Tab")
        assert shown.page.evaluate(
            "() => { const { activeElement } = fake.card.shadowRoot;"
            " return !activeElement || Boolean(activeElement.closest('dialog')) }"
        )


def test_many_are_told_one_after_the_other(show_fleet: ShowFleet) -> None:
    """All that a filter leaves, with a pause between two that the person can set; ten names, and how many more."""
    rows = fleet(1000)
    shown = show_fleet(rows)
    shown.filter("model").select_option("Antminer L7")
    chosen = shown.all_names()
    shown.card.get_by_role("checkbox", name="Select all 250 shown").check()
    shown.filter("model").select_option("Any model")
    expect(shown.card.get_by_text("250 miners selected")).to_be_visible()
    shown.filter("model").select_option("Antminer S21")
    expect(
        shown.card.get_by_text("250 miners selected (250 of them not shown)")
    ).to_be_visible()
    action(shown, "restart_mining").click()
    dialog = shown.card.get_by_role("dialog", name="Restart mining on 250 miners?")
    expect(dialog.get_by_role("listitem")).to_have_count(11)
    expect(dialog.get_by_text("and 240 more")).to_be_visible()
    stagger = dialog.get_by_label("Seconds between two miners")
    expect(stagger).to_have_value("1")
    stagger.fill("2.5")
    confirm(shown).click()
    expect(shown.card.locator(".result")).to_contain_text("250 miners")
    call = shown.calls()[0]
    assert call["data"] == {"stagger": 2.5}
    ids = {rig["device_id"] for rig in rows if rig["name"] in chosen}
    target = call["target"]
    assert isinstance(target, dict)
    assert len(target["device_id"]) == 250
    assert set(target["device_id"]) == ids


def test_a_service_without_a_pause_is_asked_for_none(show_fleet: ShowFleet) -> None:
    """Whether rigs can be told one after the other is up to the service."""
    shown = show_fleet(fleet(20))
    shown.card.get_by_role("checkbox", name="Select all 20 shown").check()
    action(shown, "locate").click()
    expect(shown.card.get_by_label("Seconds between")).to_have_count(0)
    confirm(shown).click()
    expect(shown.card.locator(".result")).to_be_visible()
    assert shown.calls()[0]["data"] == {}


def test_what_all_of_them_can(show_fleet: ShowFleet) -> None:
    """Only what every selected rig takes, and Home Assistant has a service for, is offered."""
    rows = [
        row(0, commands=("reboot", "shutdown", "set_pools")),
        row(1, commands=("restart_mining", "reboot")),
        row(2, commands=("pause_mining", "upgrade")),
    ]
    shown = show_fleet(rows)
    one, two, three = (rig["name"] for rig in rows)
    offered = shown.card.locator("[data-action]")
    select(shown, one)
    expect(offered).to_have_text(["Reboot", "Shut down"])
    select(shown, two)
    expect(offered).to_have_text(["Reboot"])
    select(shown, three)
    expect(offered).to_have_count(0)
    expect(
        shown.card.get_by_text("nothing that all of them can be told")
    ).to_be_visible()
    # All at once, after something else: nothing is left over from before.
    select(shown, one, two, three)
    select(shown, one)
    expect(offered).to_have_text(["Reboot", "Shut down"])
    shown.card.get_by_role("button", name="Clear selection").click()
    shown.card.get_by_role("checkbox", name="Select all 3 shown").check()
    expect(offered).to_have_count(0)
    select(shown, three)
    expect(offered).to_have_text(["Reboot"])
    shown.page.evaluate("() => fake.renew({ services: { antminer_monitor: {} } })")
    expect(offered).to_have_count(0)


def test_who_may_only_look_sees_no_controls(show_fleet: ShowFleet) -> None:
    """No checkbox, no bar, no key that selects."""
    shown = show_fleet(fleet(30, commands=()))
    expect(shown.card.get_by_role("checkbox")).to_have_count(0)
    expect(shown.card.locator(".actions")).to_be_hidden()
    expect(shown.grid).not_to_have_attribute("aria-multiselectable", "true")
    shown.cell(shown.names()[0], "name").focus()
    for key in (" ", "Control+a", "Escape"):
        shown.page.keyboard.press(key)
    expect(shown.card.locator("[aria-selected]")).to_have_count(0)
    expect(shown.card.locator(".actions")).to_be_hidden()
    # Allowed later, and not any more.
    name = row(0)["name"]
    shown.change([row(0)])
    select(shown, name)
    expect(shown.card.get_by_role("checkbox")).to_have_count(2)
    expect(shown.card.locator(".actions")).to_be_visible()
    shown.change([row(0, commands=())])
    expect(shown.card.get_by_role("checkbox")).to_have_count(0)
    expect(shown.card.locator(".actions")).to_be_hidden()


def test_rigs_that_cannot_be_told_have_no_box(show_fleet: ShowFleet) -> None:
    """Among others that can; a range and all leave them out."""
    rows = fleet(10)
    rows[3]["commands"] = []
    rows[4]["device_id"] = None
    shown = show_fleet(rows, {"sort": "age"})
    names = shown.names()
    expect(shown.card.locator(".body").get_by_role("checkbox")).to_have_count(8)
    select(shown, names[0])
    box(shown, names[9]).click(modifiers=["Shift"])
    expect(shown.card.get_by_text("8 miners selected")).to_be_visible()
    shown.card.get_by_role("checkbox", name="Select all 8 shown").uncheck()
    expect(shown.card.locator(".actions")).to_be_hidden()


def test_a_range(show_fleet: ShowFleet) -> None:
    """Shift reaches from the last one clicked, in either direction, over rows out of sight too."""
    shown = show_fleet(fleet(500))
    names = shown.all_names()
    select(shown, names[2])
    shown.grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight }")
    box(shown, names[-1]).click(modifiers=["Shift"])
    expect(shown.card.get_by_text("498 miners selected")).to_be_visible()
    every = shown.card.get_by_role("checkbox", name="Select all 500 shown")
    assert every.evaluate("box => box.indeterminate")
    box(shown, names[-3]).click()
    expect(shown.card.get_by_text("497 miners selected")).to_be_visible()
    box(shown, names[-5]).click(modifiers=["Shift"])
    expect(shown.card.get_by_text("495 miners selected")).to_be_visible()
    shown.card.get_by_role("button", name="Clear selection").click()
    expect(shown.card.locator(".actions")).to_be_hidden()


def test_rows_stay_under_the_pointer(show_fleet: ShowFleet) -> None:
    """What appears when rigs are selected moves none of them, and can be reached wherever the page is scrolled to."""
    shown = show_fleet(fleet(100), {"rows": 30})
    name = shown.names()[2]
    before = shown.row(name).bounding_box()
    select(shown, name)
    expect(shown.card.locator(".actions")).to_be_in_viewport()
    assert shown.row(name).bounding_box() == before


def test_errors_are_told_in_words(show_fleet: ShowFleet) -> None:
    """What some rigs said, and what Home Assistant said."""
    shown = show_fleet(fleet(5))
    names = shown.names()[:2]
    select(shown, *names)
    shown.page.evaluate(
        "([one, two]) => { fake.outcomes = [{ name: one, result: 'sent' },"
        " { name: two, result: 'failed', error: 'no answer within 10 s' }] }",
        names,
    )
    action(shown, "reboot").click()
    confirm(shown).click()
    result = shown.card.locator(".result")
    expect(result).to_contain_text(
        f"Reboot: 1 of 2 failed. {names[1]}: no answer within 10 s"
    )
    shown.page.evaluate("() => { fake.failure = { message: 'Unauthorized' } }")
    action(shown, "pause_mining").click()
    confirm(shown).click()
    expect(result).to_contain_text("Pause mining: Unauthorized")
    result.get_by_role("button", name="Close").click()
    expect(result).to_be_hidden()
    shown.page.evaluate(
        "() => { fake.failure = null; fake.outcomes[1].result = 'done' }"
    )
    action(shown, "resume_mining").click()
    confirm(shown).click()
    expect(result).to_contain_text("Resume mining: sent to 2 miners")


def test_what_was_asked_is_what_is_done(show_fleet: ShowFleet) -> None:
    """A rig that goes while the question is open changes neither it nor its answer."""
    rows = fleet(3)
    shown = show_fleet(rows)
    select(shown, rows[0]["name"], rows[1]["name"])
    action(shown, "reboot").click()
    shown.change([], [rows[1]["id"]])
    expect(shown.card.get_by_text("1 miner selected")).to_be_attached()
    expect(shown.card.get_by_role("dialog", name="Reboot 2 miners?")).to_be_visible()
    confirm(shown).click()
    expect(shown.card.locator(".result")).to_be_visible()
    assert shown.calls()[0]["target"] == {"device_id": ["device0", "device1"]}
