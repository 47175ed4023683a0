"""The editor of the menu, and the page that adds the dashboard."""

from collections.abc import Mapping
from typing import Any, cast

from playwright.sync_api import Locator, expect
import pytest

from ..browser import Tab
from ..conftest import OpenTab
from .mine import Hass, mine

Page = dict[str, Any]

USERS = [
    {"id": "u1", "name": "Anna", "is_active": True, "system_generated": False},
    {"id": "u2", "name": "Ben", "is_active": True, "system_generated": False},
    {"id": "u3", "name": "Gone", "is_active": False, "system_generated": False},
    {"id": "s1", "name": "Supervisor", "is_active": True, "system_generated": True},
]
MENU: list[Page] = [
    {"id": "home", "type": "home"},
    {"id": "miners", "type": "miners", "title": "Rigs"},
    {"id": "notes", "type": "custom", "title": "Notes", "cards": [{"type": "map"}]},
]


class Editor:
    """The editor on a page of its own."""

    def __init__(self, tab: Tab) -> None:
        """Take the tab that shows it."""
        self.tab = tab
        self.page = tab.page
        self.node: Locator = tab.page.locator("antminer-monitor-strategy-editor")
        self.titles = self.node.locator(".title")

    def press(self, name: str) -> None:
        """Press a button by the name that is read out."""
        self.node.get_by_role("button", name=name, exact=True).click()

    def config(self) -> Mapping[str, Any]:
        """Return what Home Assistant was told last."""
        return cast(
            Mapping[str, Any],
            self.page.evaluate(
                "() => fake.events.filter(({ type }) => type === 'config-changed').at(-1)?.detail.config"
            ),
        )

    def pages(self) -> list[Page]:
        """Return the pages of it."""
        return cast(list[Page], self.config()["pages"])

    def focused(self) -> str | None:
        """Return the name of what has the focus."""
        return cast(
            str | None,
            self.page.evaluate(
                "() => document.activeElement.shadowRoot?.activeElement?.getAttribute('aria-label')"
            ),
        )


def edit(
    open_tab: OpenTab,
    pages: str,
    menu: object = None,
    hass: Hass | None = None,
) -> Editor:
    """Show the editor for a menu, or for one that nobody changed."""
    tab = open_tab()
    tab.page.goto(f"{pages}/page.html")
    tab.page.wait_for_function("() => window.fake")
    tab.page.evaluate(
        """async ([menu, users, hass]) => {
          await import("/frontend/antminer-monitor.js");
          Object.assign(fake.hass, hass);
          fake.hass.callWS = async ({ type }) => (type === "config/auth/list" ? users : null);
          const strategy = customElements.get("ll-strategy-dashboard-antminer-monitor");
          const editor = await strategy.getConfigElement();
          editor.hass = fake.hass;
          const type = "custom:antminer-monitor";
          editor.setConfig(menu === null ? { type } : { type, pages: menu });
          // As Home Assistant does: what the editor says comes back to it.
          editor.addEventListener("config-changed", (event) => editor.setConfig(event.detail.config));
          fake.card = editor;
          document.body.append(editor);
        }""",
        [menu, USERS, hass or {}],
    )
    editor = Editor(tab)
    editor.node.get_by_role("button", name="Add page").wait_for()
    return editor


def test_a_menu_that_nobody_changed_is_shown_and_said_nothing_of(
    open_tab: OpenTab, pages: str
) -> None:
    """Opening the editor changes nothing."""
    editor = edit(open_tab, pages, hass=mine())
    expect(editor.titles).to_have_text(["Home", "Miners", "Farms", "Energy", "Logs"])
    assert editor.config() is None
    expect(editor.node).not_to_contain_text("null")


def test_a_mine_without_farms_has_no_page_for_them(
    open_tab: OpenTab, pages: str
) -> None:
    """As in the dashboard itself: a change of the menu must not bring one."""
    editor = edit(open_tab, pages, hass=mine(["site", "rig2"]))
    editor.press("Home: Hide")
    assert [page["id"] for page in editor.pages()] == [
        "home", "miners", "energy", "logs",
    ]  # fmt: skip


def test_moving_by_the_keyboard_keeps_the_focus_and_is_read_out(
    open_tab: OpenTab, pages: str
) -> None:
    """A page is moved over several places by pressing again."""
    editor = edit(open_tab, pages, MENU)
    editor.node.get_by_role("button", name="Notes: Move up").focus()
    editor.page.keyboard.press("Enter")
    assert editor.focused() == "Notes: Move up"
    expect(editor.node.get_by_role("status")).to_have_text(
        "Notes moved to place 2 of 3"
    )
    editor.page.keyboard.press("Enter")
    # At the top there is no further up: the focus stays in the row.
    assert editor.focused() == "Notes: Move down"
    assert [page["id"] for page in editor.pages()] == ["notes", "home", "miners"]
    editor.page.keyboard.press("Enter")
    assert [page["id"] for page in editor.pages()] == ["home", "notes", "miners"]
    assert editor.config()["type"] == "custom:antminer-monitor"


def test_a_name_and_an_icon(open_tab: OpenTab, pages: str) -> None:
    """Emptied, they are the usual ones again."""
    editor = edit(open_tab, pages, MENU)
    editor.press("Rigs: Edit")
    editor.node.get_by_label("Name").press("End")
    # Each key is told to Home Assistant, and the form is still the same one.
    editor.page.keyboard.type("!?")
    expect(editor.titles.nth(1)).to_have_text("Rigs!?")
    editor.node.get_by_label("Icon").fill("mdi:cat")
    editor.node.get_by_label("Icon").press("Tab")
    assert editor.pages()[1] == {
        "id": "miners",
        "type": "miners",
        "title": "Rigs!?",
        "icon": "mdi:cat",
    }
    editor.node.get_by_label("Name").fill("  ")
    editor.node.get_by_label("Icon").fill("")
    editor.node.get_by_label("Icon").press("Tab")
    assert editor.pages()[1] == {"id": "miners", "type": "miners"}


def test_users(open_tab: OpenTab, pages: str) -> None:
    """People only, and only those who can sign in."""
    editor = edit(open_tab, pages, MENU)
    editor.press("Home: Edit")
    boxes = editor.node.get_by_role("checkbox")
    expect(boxes).to_have_count(2)
    editor.node.get_by_label("Ben").check()
    assert editor.pages()[0]["users"] == ["u2"]
    editor.node.get_by_label("Ben").uncheck()
    assert "users" not in editor.pages()[0]


def test_hiding_and_removing(open_tab: OpenTab, pages: str) -> None:
    """The focus goes on to the next page."""
    editor = edit(open_tab, pages, MENU)
    editor.press("Home: Hide")
    assert editor.pages()[0] == {"id": "home", "type": "home", "hidden": True}
    editor.press("Home: Show")
    assert editor.pages()[0] == {"id": "home", "type": "home"}
    editor.press("Rigs: Remove")
    assert [page["id"] for page in editor.pages()] == ["home", "notes"]
    assert editor.focused() == "Notes: Remove"
    editor.press("Home: Remove")
    editor.press("Notes: Remove")
    expect(editor.node.get_by_text("There is no page in the menu")).to_be_visible()


def test_adding(open_tab: OpenTab, pages: str) -> None:
    """A page of any kind, also a second one."""
    editor = edit(open_tab, pages, MENU)
    # The first kind that is not there yet is offered.
    expect(editor.node.get_by_label("New page")).to_have_value("farms")
    editor.press("Add page")
    editor.node.get_by_label("New page").select_option("home")
    editor.press("Add page")
    editor.node.get_by_label("New page").select_option("custom")
    editor.press("Add page")
    assert editor.pages()[3:] == [
        {"id": "farms", "type": "farms"},
        {"id": "home-2", "type": "home"},
        {"id": "custom", "type": "custom", "title": "Own page", "cards": []},
    ]
    expect(editor.node.get_by_label("Name")).to_be_focused()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("{", "cannot be read as JSON"),
        ('{"cards": 5}', "must be a list of cards"),
        ("[]", "was expected"),
        ("null", "was expected"),
    ],
)
def test_cards_that_make_no_sense_are_not_taken(
    open_tab: OpenTab, pages: str, typed: str, said: str
) -> None:
    """Nothing is lost meanwhile, and the page's own options cannot be overwritten."""
    editor = edit(open_tab, pages, MENU)
    editor.press("Notes: Edit")
    field = editor.node.get_by_role("textbox", name="Cards")
    field.fill(typed)
    expect(editor.node.get_by_role("alert")).to_contain_text(said)
    assert editor.config() is None
    field.fill('{"cards": [{"type": "clock"}], "id": "stolen"}')
    expect(editor.node.locator(".form .wrong")).to_be_hidden()
    assert editor.pages()[2] == {
        "id": "notes",
        "type": "custom",
        "title": "Notes",
        "cards": [{"type": "clock"}],
    }


def test_a_page_that_is_wrong_is_kept_until_it_is_removed(
    open_tab: OpenTab, pages: str
) -> None:
    """It may be of a later version."""
    wrong = {"id": "x", "type": "shop", "note": "mine"}
    editor = edit(open_tab, pages, [*MENU, wrong, None])
    expect(editor.node.get_by_text('has the "type" shop')).to_be_visible()
    editor.press("Notes: Move up")
    assert editor.pages()[3:] == [wrong, None]


def test_a_menu_that_is_no_list_is_left_to_the_yaml(
    open_tab: OpenTab, pages: str
) -> None:
    """Home Assistant then shows what is written there."""
    editor = edit(open_tab, pages, MENU)
    said = editor.page.evaluate(
        "() => { try { fake.card.setConfig({ pages: 'home' }) } catch (error) { return error.message } }"
    )
    assert said == "pages: a list was expected"


def test_whoever_may_not_ask_for_users_keeps_those_that_are_set(
    open_tab: OpenTab, pages: str
) -> None:
    """A change to the name leaves them alone."""
    editor = edit(open_tab, pages, [{"id": "home", "type": "home", "users": ["u9"]}])
    editor.page.evaluate(
        """async () => {
          const other = document.createElement("antminer-monitor-strategy-editor");
          other.hass = { ...fake.hass, callWS: async () => { throw { code: "unauthorized" } } };
          other.setConfig({ pages: [{ id: "home", type: "home", users: ["u9"] }] });
          fake.card.replaceWith(other);
        }"""
    )
    editor.press("Home: Edit")
    expect(
        editor.node.get_by_text("Only administrators can choose users.")
    ).to_be_visible()
    editor.node.get_by_label("Name").fill("Start")
    assert editor.pages() == [
        {"id": "home", "type": "home", "users": ["u9"], "title": "Start"}
    ]


ADD = """async ([dashboards, configs, failure]) => {
  const { addDashboard } = await import("/frontend/dashboard-panel.js");
  const asked = [];
  const hass = {
    panels: Object.fromEntries(dashboards.map(({ url_path }) => [url_path, {}])),
    callWS: async (message) => {
      if (message.type === failure) throw { message: "no" };
      if (message.type === "lovelace/dashboards/list") return dashboards;
      if (message.type !== "lovelace/config") { asked.push(message); return null; }
      if (message.url_path in configs) return configs[message.url_path];
      throw { code: "config_not_found" };
    },
  };
  try { return [await addDashboard(hass, "Mining rigs"), asked] } catch (error) { return [error.message, asked] }
}"""

OURS = {"strategy": {"type": "custom:antminer-monitor"}}
CREATED = "lovelace/dashboards/create"
SAVED = "lovelace/config/save"


def stored(url_path: str, mode: str = "storage") -> dict[str, str]:
    """Return a dashboard as Home Assistant lists it."""
    return {"url_path": url_path, "mode": mode}


@pytest.mark.parametrize(
    ("dashboards", "configs", "path", "done"),
    [
        ([], {}, "mining-rigs", [CREATED, SAVED]),
        ([stored("mining-rigs")], {"mining-rigs": OURS}, "mining-rigs", []),
        # The user's own one, by another name, will do.
        ([stored("my-mine")], {"my-mine": OURS}, "my-mine", []),
        # Somebody else's dashboard by our name is left alone.
        ([stored("mining-rigs")], {"mining-rigs": {"views": []}}, "mining-rigs-2", [CREATED, SAVED]),
        ([stored("mining-rigs", "yaml")], {}, "mining-rigs-2", [CREATED, SAVED]),
        # The last try ended half-way.
        ([stored("mining-rigs")], {}, "mining-rigs", [SAVED]),
    ],
)  # fmt: skip
def test_the_dashboard_is_added_once(
    open_tab: OpenTab,
    pages: str,
    dashboards: list[dict[str, str]],
    configs: dict[str, object],
    path: str,
    done: list[str],
) -> None:
    """Whoever opens the page again is only brought there."""
    tab = open_tab()
    tab.page.goto(f"{pages}/page.html")
    went, asked = tab.page.evaluate(ADD, [dashboards, configs, None])
    assert went == path
    assert [message["type"] for message in asked] == done
    for message in asked:
        assert message["url_path"] == path
    if SAVED in done:
        assert asked[-1]["config"] == OURS


def test_the_page_that_adds_it_says_what_went_wrong_and_tries_again(
    open_tab: OpenTab, pages: str
) -> None:
    """And how to do it by hand."""
    tab = open_tab()
    tab.page.goto(f"{pages}/page.html")
    tab.page.wait_for_function("() => window.fake")
    tab.page.evaluate(
        """async () => {
          await import("/frontend/antminer-monitor.js");
          fake.hass.panels = {};
          let tries = 0;
          fake.hass.callWS = async ({ type }) => {
            if (type === "lovelace/dashboards/create" && !tries++) throw { message: "disk full" };
            return type === "lovelace/dashboards/list" ? [] : null;
          };
          const panel = document.createElement("antminer-monitor-dashboard");
          panel.hass = fake.hass;
          document.body.append(panel);
        }"""
    )
    expect(tab.page.get_by_role("alert")).to_have_text(
        "The dashboard could not be added: disk full"
    )
    expect(tab.page.get_by_text("Settings → Dashboards")).to_be_visible()
    tab.page.get_by_role("button", name="Try again").click()
    tab.page.wait_for_url("**/mining-rigs")
