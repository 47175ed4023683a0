"""What cards are fed by: one subscription for all, through lost connections and errors."""

from typing import cast

from playwright.sync_api import Page
import pytest

from ..conftest import OpenTab

FLEET = "antminer_monitor/fleet/subscribe"


@pytest.fixture
def page(open_tab: OpenTab, pages: str) -> Page:
    """A page without a card."""
    page = open_tab().page
    page.goto(f"{pages}/page.html")
    page.wait_for_function("() => window.fake")
    page.evaluate(
        """async () => {
          window.feed = await import("/frontend/lib/feed.js");
          window.heard = [];
          window.hear = which => news => heard.push({ which, ...news, rigs: news.rigs && [...news.rigs.values()],
            changed: news.changed && [...news.changed] });
          window.tick = () => new Promise(done => setTimeout(done));
        }"""
    )
    return page


def heard(page: Page) -> list[dict[str, object]]:
    """Return what listeners were told since last asked."""
    return cast(list[dict[str, object]], page.evaluate("() => heard.splice(0)"))


def test_all_share_one(page: Page) -> None:
    """A second listener has what the first one has, at once; the last one to leave ends it, a while later."""
    page.clock.install()
    page.evaluate(
        """async () => {
          fake.connection.answer = ({ callback }) => callback({ kind: "all", sites: [{ id: "s" }], rigs: [{ id: "a", n: 1 }] });
          window.one = feed.subscribeFleet(fake.hass, hear(1));
          await Promise.resolve(); await Promise.resolve(); await Promise.resolve(); await Promise.resolve();
        }"""
    )
    page.wait_for_function("() => heard.length === 1")
    page.evaluate("() => { window.two = feed.subscribeFleet(fake.hass, hear(2)) }")
    all_rigs = {
        "rigs": [{"id": "a", "n": 1}],
        "sites": [{"id": "s"}],
        "changed": None,
        "error": None,
    }
    assert heard(page) == [{"which": 1, **all_rigs}, {"which": 2, **all_rigs}]
    assert page.evaluate("() => fake.connection.subscriptions.length") == 1
    page.evaluate("() => fake.change([{ id: 'b', n: 2 }], ['a'])")
    news = heard(page)
    assert [each["which"] for each in news] == [1, 2]
    assert news[0]["rigs"] == [{"id": "b", "n": 2}]
    assert news[0]["changed"] == ["a", "b"]
    page.evaluate("() => { one(); one(); two() }")
    page.evaluate("() => fake.change([{ id: 'c' }])")
    assert heard(page) == []
    assert page.evaluate("() => fake.connection.subscriptions[0].open")
    # Back within seconds, as from one view to the next: nothing is asked again.
    page.evaluate("() => { window.three = feed.subscribeFleet(fake.hass, hear(3)) }")
    page.clock.run_for(60_000)
    assert [each["which"] for each in heard(page)] == [3]
    page.evaluate("() => three()")
    page.clock.run_for(60_000)
    assert not page.evaluate("() => fake.connection.subscriptions[0].open")
    page.evaluate("() => { feed.subscribeFleet(fake.hass, hear(4)) }")
    assert page.evaluate("() => fake.connection.subscriptions.length") == 2


def test_a_lost_connection(page: Page) -> None:
    """Listeners know that it is lost; when it is back all is sent again, by itself."""
    page.evaluate(
        """async () => {
          fake.connection.answer = ({ callback }) => callback({ kind: "all", sites: [], rigs: [{ id: "a" }] });
          feed.subscribeFleet(fake.hass, hear(1));
          await tick();
          fake.connection.lose();
        }"""
    )
    first, lost = heard(page)
    assert first["error"] is None
    assert lost["error"] == {"code": "disconnected", "message": ""}
    assert lost["rigs"] == [{"id": "a"}]
    page.evaluate("async () => { fake.connection.fire('ready'); await tick() }")
    (again,) = heard(page)
    assert again["error"] is None
    assert page.evaluate(
        "() => fake.connection.subscriptions.map(each => [each.message.type, each.open, each.options.resubscribe])"
    ) == [[FLEET, False, False], [FLEET, True, False]]


def test_an_integration_that_is_late(page: Page) -> None:
    """A subscription that is refused is tried again, less and less often, until it works."""
    page.clock.install()
    page.evaluate(
        """() => {
          fake.connection.refusal = { code: "unknown_command", message: "Unknown command." };
          window.stop = feed.subscribeFleet(fake.hass, hear(1));
        }"""
    )
    page.wait_for_function("() => heard.length === 1")
    (refused,) = heard(page)
    assert refused["error"] == {
        "code": "unknown_command",
        "message": "Unknown command.",
    }
    assert refused["rigs"] is None if "rigs" in refused else True
    for _ in range(100):
        page.clock.run_for(1000)
    attempts = page.evaluate("() => fake.connection.subscriptions.length")
    assert 5 <= attempts <= 10
    page.evaluate(
        """() => {
          fake.connection.refusal = null;
          fake.connection.answer = ({ callback }) => callback({ kind: "all", sites: [], rigs: [] });
        }"""
    )
    page.clock.run_for(31_000)
    assert heard(page)[-1]["error"] is None
    page.evaluate("() => stop()")
    page.clock.run_for(60_000)
    assert not page.evaluate(
        "() => fake.connection.subscriptions.some(each => each.open)"
    )


def test_two_attempts_at_once_leave_one(page: Page) -> None:
    """One that was queued while there was no connection, and the one that its return makes."""
    page.evaluate(
        """async () => {
          fake.connection.answer = ({ callback }) => callback({ kind: "all", sites: [], rigs: [] });
          feed.subscribeFleet(fake.hass, hear(1));
          fake.connection.fire("ready");
          await tick();
        }"""
    )
    assert page.evaluate(
        "() => fake.connection.subscriptions.map(each => each.open)"
    ) == [False, True]
    assert len(heard(page)) == 1


def test_one_rig_and_the_log(page: Page) -> None:
    """A rig in full, null when it is gone; lines of the log, the newest of them."""
    page.evaluate(
        """async () => {
          feed.subscribeRig(fake.hass, { device_id: "d" }, hear("rig"));
          feed.subscribeLogs(fake.hass, hear("log"), 3);
          await tick();
          fake.connection.send("antminer_monitor/rig/subscribe", { id: "a", boards: [] });
          fake.connection.send("antminer_monitor/rig/subscribe", null);
          fake.connection.send("antminer_monitor/logs/subscribe", { lines: [1, 2] });
          fake.connection.send("antminer_monitor/logs/subscribe", { lines: [3, 4] });
        }"""
    )
    assert page.evaluate("() => fake.connection.subscriptions[0].message") == {
        "type": "antminer_monitor/rig/subscribe",
        "device_id": "d",
    }
    news = heard(page)
    assert [each.get("rig") for each in news] == [
        {"id": "a", "boards": []},
        None,
        None,
        None,
    ]
    assert [each.get("lines") for each in news[2:]] == [[1, 2], [2, 3, 4]]


def test_a_listener_that_fails_harms_no_other(open_tab: OpenTab, page: Page) -> None:
    """It is told on the console; the others hear what there is."""
    page.evaluate(
        """async () => {
          console.error = text => heard.push({ text });
          feed.subscribeFleet(fake.hass, () => { throw new Error("mine") });
          feed.subscribeFleet(fake.hass, hear(2));
          await tick();
          fake.connection.send("antminer_monitor/fleet/subscribe", { kind: "all", sites: [], rigs: [] });
        }"""
    )
    said, news = heard(page)
    assert said == {"text": "Antminer Monitor:"}
    assert news["which"] == 2
