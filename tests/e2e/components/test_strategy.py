"""The dashboard strategy: which pages there are, and what stands on them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
import json
from typing import Any, cast

from playwright.sync_api import Browser
import pytest

from ..browser import opened
from ..conftest import OpenTab
from .mine import Hass, entity_id, mine

Config = dict[str, Any]
Generate = Callable[..., Config]

EVENTS = "custom:antminer-monitor-events-card"

USUAL = ["home", "miners", "farms", "energy", "logs"]


@pytest.fixture(scope="module")
def generate(browser: Browser, pages: str) -> Iterator[Generate]:
    """Have a strategy make its configuration. It keeps nothing, so one page is enough."""
    tab = opened(browser)
    tab.page.goto(f"{pages}/page.html")
    tab.page.wait_for_function("() => window.fake")

    def run(
        what: str,
        hass: Hass,
        config: Mapping[str, object] | None = None,
        rig: Mapping[str, object] | None = None,
    ) -> Config:
        return cast(
            Config,
            tab.page.evaluate(
                """async ([what, hass, config, rig]) => {
                  await import("/frontend/antminer-monitor.js");
                  // A subscription outlives who asked for it a little: every run has a connection of its own.
                  const connection = new fake.connection.constructor();
                  connection.answer = ({ callback }) => rig !== null && callback(rig);
                  Object.assign(fake.hass, hass, { connection });
                  return customElements.get(`ll-strategy-${what}`).generate(config, fake.hass);
                }""",
                [what, hass, dict(config or {}), None if rig is None else dict(rig)],
            ),
        )

    yield run
    tab.check()
    tab.page.context.close()


def paths(dashboard: Config) -> list[str]:
    """Return the paths of the pages, those of rigs too."""
    return [view["path"] for view in dashboard["views"]]


def parts(config: object) -> Iterator[Config]:
    """Give every object within a configuration."""
    if isinstance(config, dict):
        yield config
        for value in config.values():
            yield from parts(value)
    elif isinstance(config, list):
        for value in config:
            yield from parts(value)


def cards(config: object, kind: str) -> list[Config]:
    """Return the cards of a kind."""
    return [part for part in parts(config) if part.get("type") == kind]


def dashboard(
    generate: Generate, pages: object = None, hass: Hass | None = None
) -> Config:
    """Generate the dashboard with these pages in its configuration."""
    config = {} if pages is None else {"pages": pages}
    return generate("dashboard-antminer-monitor", hass or mine(), config)


def test_a_menu_that_nobody_changed(generate: Generate) -> None:
    """Five pages, and one for every rig."""
    made = dashboard(generate)
    # Rigs in the order that people count in, by the names that they gave.
    assert paths(made) == [*USUAL, "rig-rig2", "rig-rig10"]
    assert [view["title"] for view in made["views"]] == [
        "Home", "Miners", "Farms", "Energy", "Logs", "Rig 2", "Rig 10",
    ]  # fmt: skip
    rig = made["views"][-1]
    assert rig["subview"] is True
    assert rig["strategy"] == {
        "type": "custom:antminer-monitor-rig",
        "device_id": "rig10",
    }


def test_the_page_of_the_farms_is_there_only_with_farms(generate: Generate) -> None:
    """Most people have none."""
    without = mine(["site", "rig2"])
    assert paths(dashboard(generate, hass=without)) == [
        "home", "miners", "energy", "logs", "rig-rig2",
    ]  # fmt: skip
    # Whoever asks for it gets it.
    asked = [{"id": "farms", "type": "farms"}]
    assert paths(dashboard(generate, asked, without)) == ["farms", "rig-rig2"]


def test_the_menu_is_the_users(generate: Generate) -> None:
    """Its order, names, icons, users, and pages of other cards."""
    made = dashboard(
        generate,
        [
            {"id": "logs", "type": "logs", "title": "Diary", "icon": "mdi:book"},
            {"id": "home", "type": "home", "users": ["u1", "u2"]},
            {"id": "energy", "type": "energy", "hidden": True},
            {"id": "notes", "type": "custom", "title": "Notes", "theme": "x", "cards": [{"type": "markdown"}]},
            {"id": "plan", "type": "custom", "sections": [{"type": "grid"}]},
        ],
    )  # fmt: skip
    views = {view["path"]: view for view in made["views"]}
    assert paths(made)[:4] == ["logs", "home", "notes", "plan"]
    assert (views["logs"]["title"], views["logs"]["icon"]) == ("Diary", "mdi:book")
    assert views["home"]["visible"] == [{"user": "u1"}, {"user": "u2"}]
    assert "visible" not in views["logs"]
    assert views["notes"]["cards"] == [{"type": "markdown"}]
    assert views["notes"]["theme"] == "x"
    assert views["plan"]["type"] == "sections"
    assert views["plan"]["sections"] == [{"type": "grid"}]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("home", "not a set of options"),
        (None, "not a set of options"),
        ({"type": "home"}, "must be of small letters"),
        ({"id": "7", "type": "home"}, "must be of small letters"),
        ({"id": "rig-1", "type": "home"}, "must be of small letters"),
        ({"id": "a/b", "type": "home"}, "must be of small letters"),
        ({"id": "miners", "type": "home"}, "More than one page"),
        ({"id": "x", "type": "shop"}, "it must be home, miners"),
        ({"id": "x", "type": "toString"}, "it must be home, miners"),
        ({"id": "x", "type": "home", "title": 5}, "must be text"),
        ({"id": "x", "type": "home", "users": "u1"}, "must be a list of ids"),
        ({"id": "x", "type": "custom", "cards": "none"}, "must be a list of cards"),
        ({"id": "x", "type": "custom", "cards": ["a"]}, "must be a list of cards"),
    ],
)
def test_a_page_that_is_wrong_says_so_in_its_place(
    generate: Generate, page: object, said: str
) -> None:
    """The others are as they were."""
    made = dashboard(
        generate,
        [{"id": "miners", "type": "miners"}, page, {"id": "logs", "type": "logs"}],
    )
    assert paths(made)[:3] == ["miners", "problem-2", "logs"]
    (card,) = made["views"][1]["cards"]
    assert card["type"] == "markdown"
    assert said in card["content"].replace("&#95;", "_")


def test_what_stands_in_the_configuration_stays_text_in_its_error(
    generate: Generate,
) -> None:
    """Home Assistant reads the card as Markdown with templates."""
    made = dashboard(
        generate, [{"id": "x", "type": "<img src=x onerror=alert(1)>{{ 1 }}"}]
    )
    content = made["views"][0]["cards"][0]["content"]
    assert "<img" not in content
    assert "{{" not in content


@pytest.mark.parametrize("menu", ["home", 3, {"id": "home"}])
def test_a_menu_that_is_no_list_leaves_the_usual_pages(
    generate: Generate, menu: object
) -> None:
    """With a page before them that says so."""
    made = dashboard(generate, menu)
    assert paths(made)[:6] == ["problem-0", *USUAL]


def test_an_empty_menu_says_so(generate: Generate) -> None:
    """A dashboard without a page would be a blank."""
    assert paths(dashboard(generate, [])) == ["problem-0", "rig-rig2", "rig-rig10"]


def test_home_shows_the_fleets_and_what_needs_attention(generate: Generate) -> None:
    """A row for all that may be wrong; Home Assistant's card shows those that are."""
    made = generate("view-antminer-monitor-home", mine())
    (attention,) = cards(made, "entity-filter")
    assert [row["entity"] for row in attention["entities"]] == [
        entity_id(rig, key)
        for rig in ("rig2", "rig10")
        for key in ("binary_sensor.stale", "binary_sensor.overheating")
    ]
    assert attention["entities"][0]["tap_action"]["navigation_path"].endswith(
        "/rig-rig2"
    )
    assert {card["heading"] for card in cards(made, "heading")} >= {
        "Site",
        "North hall",
    }
    # Two fleets: only together they are all.
    assert len(cards(made, "custom:antminer-monitor-totals-card")) == 1
    graphs = cards(made, "history-graph")
    assert [row["entity"] for row in graphs[0]["entities"]] == [
        "sensor.farm_total_hashrate",
        "sensor.site_total_hashrate",
    ]


def test_home_with_a_single_site_needs_no_card_of_ours(generate: Generate) -> None:
    """Its own sensors are the totals."""
    made = generate("view-antminer-monitor-home", mine(["site", "rig2"]))
    assert "custom:" not in json.dumps(made)


def test_home_without_rigs_says_what_to_do(generate: Generate) -> None:
    """A new user's first look."""
    made = generate("view-antminer-monitor-home", mine([]))
    (card,) = cards(made, "markdown")
    assert "Add integration" in card["content"]


def test_entities_that_are_hidden_or_kept_from_the_user_are_left_out(
    generate: Generate,
) -> None:
    """Cards of them would only say that there is nothing."""
    made = generate(
        "view-antminer-monitor-home",
        mine(
            hidden=["binary_sensor.rig2_overheating"],
            unreadable=["binary_sensor.rig10_stale", "sensor.site_total_power"],
        ),
    )
    text = json.dumps(made)
    assert "rig2_overheating" not in text
    assert "rig10_" not in text
    assert "site_total_power" not in text


def test_miners_are_one_card(generate: Generate) -> None:
    """A table that fills the page."""
    assert generate("view-antminer-monitor-miners", mine()) == {
        "type": "panel",
        "cards": [
            {
                "type": "custom:antminer-monitor-fleet-card",
                "rig_path": "rig-{device_id}",
            }
        ],
    }


def test_farms_have_a_section_each_and_their_account_one(generate: Generate) -> None:
    """Sites are not farms."""
    made = generate("view-antminer-monitor-farms", mine())
    assert [card["devices"] for card in cards(made, EVENTS)] == [["farm"], ["account"]]
    assert [card["heading"] for card in cards(made, "heading")] == [
        "North hall",
        "Account",
    ]
    assert "site_" not in json.dumps(made)


def test_energy(generate: Generate) -> None:
    """The cost is there once there is a price."""
    made = generate("view-antminer-monitor-energy", mine())
    graphs = {card["title"]: card for card in cards(made, "statistics-graph")}
    assert graphs["Energy a day"]["entities"] == [
        "sensor.farm_total_energy",
        "sensor.site_total_energy",
    ]
    assert graphs["Efficiency"]["entities"] == [
        "sensor.farm_efficiency",
        "sensor.site_efficiency",
    ]
    # Nobody set a price.
    assert "Cost a day" not in graphs
    assert any("price" in card["content"] for card in cards(made, "markdown"))


def test_logs_are_those_of_the_rigs_and_for_administrators_our_own(
    generate: Generate,
) -> None:
    """Of each device but the parts of rigs, and of no entity: its states would tell an event once more."""
    made = generate("view-antminer-monitor-logs", mine())
    (events,) = cards(made, EVENTS)
    assert events["devices"] == ["account", "farm", "rig2", "rig10", "site"]
    assert cards(made, "logbook") == []
    assert len(cards(made, "custom:antminer-monitor-log-card")) == 1
    others = generate("view-antminer-monitor-logs", mine(admin=False))
    assert cards(others, "custom:antminer-monitor-log-card") == []


def rig_page(
    generate: Generate,
    rig: Mapping[str, object] | None = None,
    *,
    admin: bool = False,
) -> Config:
    """Generate the page of rig 10 for what the feed says of it."""
    return generate(
        "view-antminer-monitor-rig", mine(admin=admin), {"device_id": "rig10"}, rig
    )


def entities(config: object, domain: Sequence[str]) -> list[str]:
    """Return the entities of these domains that have a tile."""
    return [
        card["entity"]
        for card in cards(config, "tile")
        if card["entity"].split(".")[0] in domain
    ]


CONTROLS = ("switch", "select", "number", "button")


def test_a_rig_has_its_controls_for_whoever_may_use_them(generate: Generate) -> None:
    """With its parts, and nothing of another rig."""
    made = rig_page(generate, {"commands": ["reboot"], "boards": [{"index": 1}]})
    assert entities(made, CONTROLS) == [
        "switch.rig10_mining",
        "select.rig10_pool",
        "button.rig10_reboot",
    ]
    button = next(
        card for card in cards(made, "tile") if card["entity"] == "button.rig10_reboot"
    )
    # A slip of the finger restarts nothing.
    assert button["tap_action"]["confirmation"]["text"] == "Do this with Rig 10?"
    assert button["tap_action"]["target"] == {"entity_id": "button.rig10_reboot"}
    (chips,) = cards(made, "custom:antminer-monitor-chip-map-card")
    assert chips["device_id"] == "rig10"
    assert "sensor.gpu_core_temperature" in entities(made, ("sensor",))
    assert "rig2" not in json.dumps(made)


def test_a_rig_has_no_controls_for_others(generate: Generate) -> None:
    """Whatever else they are; nor a link into the settings."""
    made = rig_page(generate, {"commands": [], "boards": []}, admin=True)
    assert entities(made, CONTROLS) == []
    assert cards(made, "custom:antminer-monitor-chip-map-card") == []
    assert "/config/devices" not in json.dumps(rig_page(generate, {"commands": []}))


def test_without_an_answer_only_administrators_have_controls(
    generate: Generate,
) -> None:
    """They may do everything, so that needs no answer."""
    assert entities(rig_page(generate), CONTROLS) == []
    assert entities(rig_page(generate, admin=True), CONTROLS) != []


def test_a_rig_that_is_gone(generate: Generate) -> None:
    """A bookmark outlives a rig."""
    made = generate("view-antminer-monitor-rig", mine(), {"device_id": "none"})
    assert "no longer there" in made["cards"][0]["content"]


def test_a_thousand_rigs_cost_nothing_until_they_are_opened(
    generate: Generate, open_tab: OpenTab, pages: str
) -> None:
    """The dashboard is made anew whenever an entity comes or goes."""
    tab = open_tab()
    tab.page.goto(f"{pages}/page.html")
    tab.page.wait_for_function("() => window.fake")
    took = tab.page.evaluate(
        """async (mine) => {
          await import("/frontend/antminer-monitor.js");
          Object.assign(fake.hass, mine);
          const [entities, states, devices] = [{}, {}, {}];
          for (let rig = 0; rig < 1000; rig += 1) {
            devices[`d${rig}`] = { id: `d${rig}`, name: `Rig ${rig}` };
            for (let key = 0; key < 12; key += 1) {
              const entity_id = `binary_sensor.r${rig}_${key}`;
              entities[entity_id] = { entity_id, platform: "antminer_monitor", device_id: `d${rig}`, translation_key: key ? `k${key}` : "stale" };
              states[entity_id] = { state: "off", attributes: {} };
            }
          }
          Object.assign(fake.hass, { entities, states, devices });
          const strategy = customElements.get("ll-strategy-dashboard-antminer-monitor");
          await strategy.generate({}, fake.hass);
          const times = [];
          for (let run = 0; run < 5; run += 1) {
            const start = performance.now();
            const { views } = await strategy.generate({}, fake.hass);
            if (views.length !== 1004) throw new Error(views.length);
            times.push(performance.now() - start);
          }
          return Math.min(...times);
        }""",
        mine([]),
    )
    assert took < 100
