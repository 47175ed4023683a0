"""The steps of "Teach a new miner": which one, what an AI made of it, and what becomes of that."""

import asyncio
from collections.abc import Mapping
import logging
import traceback
from typing import Any, Final

from homeassistant.const import CONF_HOST, CONF_NAME, CONF_PORT
from homeassistant.data_entry_flow import FlowContext, FlowResult
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import probatio

from .antminer.addresses import AddressError, parse_addresses
from .antminer.cgminer import DEFAULT_PORT
from .const import DOMAIN
from .form_fields import PORT, TEXT
from .markdown import plain
from .miner_flow import as_config_subentry
from .pack_extension import extension_id_of
from .pack_hub import async_installed_packs
from .pack_steps import PackSteps, problem_list
from .packs.errors import PackError
from .packs.limits import BOARD_FIELDS, FAN_FIELDS, RIG_FIELDS, Quantity
from .packs.where import Figure
from .progress import shown
from .registry import async_registry
from .search import Candidate, async_find_miner, async_sites
from .search_flow import error_key
from .site_flow import CONF_SITE
from .source import InvalidReplyError, SourceError
from .teach import AI_TASK, ROUNDS, Lesson, Taught, TeachError, async_ai_entities
from .teach_pack import named
from .teach_prompt import base_unit
from .units import rate_unit, significant

_LOGGER = logging.getLogger(__name__)

AI_TASK_PAGE: Final = "https://www.home-assistant.io/integrations/ai_task"
LONGEST_CELL: Final = 60
MOST_FIGURES: Final = 100
"""Figures that are shown."""
_FIELDS: Final = {"": RIG_FIELDS, "boards": BOARD_FIELDS, "fans": FAN_FIELDS}
_NOTHING: Final[Mapping[str, str]] = dict.fromkeys(
    ("firmware", "problems", "reason", "seconds"), ""
)
"""Values of the words for what can go wrong."""


def _cell(text: str) -> str:
    shown = text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"
    return plain(shown)


def _value(taught: Taught, figure: Figure) -> str:
    """Give a value as it will be shown, with its unit."""
    value = figure.value
    unit: str | None = None
    group, _, name = figure.field.rpartition(".")
    if group == "sensors":
        unit = next(item.unit for item in taught.pack.sensors if item.key == name)
    elif field := _FIELDS.get(group.partition("[")[0], {}).get(name):
        unit = base_unit(field)
        if field.quantity is Quantity.RATE:
            rate = rate_unit(taught.rig)
            value, unit = float(value) / rate.scale, rate.symbol
    text = f"{value}"
    if isinstance(value, float):
        text = f"{significant(value, 6):.12g}"
    return f"{text} {unit}" if unit else text


def figure_rows(taught: Taught) -> str:
    """Give the figures as rows of a table in Markdown: field, value, what the miner said."""
    rows = [
        f"| {_cell(item.field)} | {_cell(_value(taught, item))} | {_cell(item.raw)} |"
        for item in taught.figures[:MOST_FIGURES]
    ]
    if len(taught.figures) > MOST_FIGURES:
        rows.append("| … | … | … |")
    return "\n".join(rows)


class TeachSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    PackSteps[ContextT, ResultT, HandlerT]
):
    """Has an AI Task write the pack of a miner, shows what it reads, and has it installed.

    Begins with ``async_step_teach``.
    """

    _given: Mapping[str, Any] | None = None
    """What was typed into the form."""
    _lesson: Lesson | None = None
    _lesson_task: asyncio.Task[None] | None = None
    _failure: TeachError | None = None

    async def async_step_teach(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask which miner it is, and which AI is to be asked."""
        entities = async_ai_entities(self.hass)
        if not entities:
            return self.async_abort(
                reason="no_ai_task", description_placeholders={"page": AI_TASK_PAGE}
            )
        errors: dict[str, str] = {}
        failure, self._failure = self._failure, None
        if failure:
            errors["base"] = failure.key
        if user_input is not None:
            self._given = user_input
            try:
                host, *others = parse_addresses(user_input[CONF_HOST])
            except AddressError:
                errors[CONF_HOST] = "one_address"
            else:
                if not others:
                    self._lesson = Lesson(
                        self.hass,
                        host,
                        user_input[CONF_PORT],
                        user_input.get(AI_TASK, entities[0]),
                    )
                    return self._go_on(self._lesson)
                errors[CONF_HOST] = "one_address"
        schema: dict[probatio.Marker, object] = {
            probatio.Required(CONF_HOST): TEXT,
            probatio.Required(CONF_PORT, default=DEFAULT_PORT): PORT,
        }
        if len(entities) > 1:
            schema[probatio.Required(AI_TASK, default=entities[0])] = EntitySelector(
                EntitySelectorConfig(include_entities=list(entities))
            )
        return self.async_show_form(
            step_id="teach",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema(schema), self._given
            ),
            errors=errors,
            description_placeholders={
                **_NOTHING,
                **(failure.values if failure else {}),
            },
        )

    def _go_on(self, lesson: Lesson) -> ResultT:
        """Begin what comes next, and show it until it is done."""
        # Not one that the shutdown of Home Assistant waits for.
        self._lesson_task = self.hass.async_create_background_task(
            shown(lesson.async_step()), f"{DOMAIN} teach"
        )
        return self._show_lesson(lesson, self._lesson_task)

    def _show_lesson(self, lesson: Lesson, task: asyncio.Task[None]) -> ResultT:
        if not lesson.round:
            return self.async_show_progress(
                step_id="teach_lesson",
                progress_action="teach_read",
                description_placeholders={"host": lesson.host},
                progress_task=task,
            )
        return self.async_show_progress(
            step_id="teach_lesson",
            progress_action="teach_ask",
            description_placeholders={
                "round": str(lesson.round),
                "rounds": str(ROUNDS),
            },
            progress_task=task,
        )

    async def async_step_teach_lesson(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Show how far the lesson is, and go on when a part of it is done."""
        lesson, task = self._lesson, self._lesson_task
        assert lesson is not None and task is not None
        if not task.done():
            return self._show_lesson(lesson, task)
        self._failure = self._failure_of(task)
        if self._failure:
            return self.async_show_progress_done(next_step_id="teach")
        if lesson.taught:
            return self.async_show_progress_done(next_step_id="taught")
        return self._go_on(lesson)

    def _failure_of(self, task: asyncio.Task[None]) -> TeachError | None:
        """Give why a part of the lesson failed, if it did."""
        try:
            task.result()
        except TeachError as err:
            return err
        except InvalidReplyError:
            return TeachError("unreadable")
        except SourceError as err:
            return TeachError(error_key(err))
        except Exception as err:  # noqa: BLE001 - else the form would show progress for ever
            # Not its text: there may be words of the miner in it.
            _LOGGER.error(
                "Teaching failed unexpectedly, %s:\n%s",
                type(err).__name__,
                "".join(traceback.format_tb(err.__traceback__)),
            )
            return TeachError("unexpected")
        return None

    async def async_step_taught(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Show what the new pack reads beside what the miner said, and ask what to do with it."""
        taught = self._taught
        return self.async_show_menu(
            step_id="taught",
            menu_options=["teach_accept", "teach_discard"],
            description_placeholders={
                "pack": plain(taught.pack.name),
                "count": str(len(taught.figures)),
                "figures": figure_rows(taught),
            },
        )

    @property
    def _taught(self) -> Taught:
        assert self._lesson is not None and self._lesson.taught is not None
        return self._lesson.taught

    async def async_step_teach_discard(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Forget the pack."""
        return self.async_abort(reason="pack_discarded")

    async def async_step_teach_accept(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for a name of the pack, and whether the miner is to be added to a site."""
        assert self._lesson is not None
        taught = self._taught
        candidate = Candidate(self._lesson.host, self._lesson.port, taught.rig)
        errors: dict[str, str] = {}
        problems = ""
        if user_input is not None:
            try:
                result = await self._accept(taught, user_input[CONF_NAME].strip())
            except PackError as err:
                errors["base"] = "pack_refused"
                problems = problem_list(err)
            else:
                self._add(candidate, user_input.get(CONF_SITE))
                return result
        sites = async_sites(self.hass) if not self._is_known(candidate) else []
        schema: dict[probatio.Marker, object] = {probatio.Required(CONF_NAME): TEXT}
        if sites:
            # No default: it would come back when somebody empties the field.
            schema[probatio.Optional(CONF_SITE)] = SelectSelector(
                SelectSelectorConfig(
                    options=[
                        SelectOptionDict(value=entry.entry_id, label=entry.title)
                        for entry in sites
                    ],
                    mode=SelectSelectorMode.DROPDOWN,
                )
            )
        suggested = {CONF_NAME: taught.pack.name}
        if sites:
            suggested[CONF_SITE] = sites[0].entry_id
        return self.async_show_form(
            step_id="teach_accept",
            data_schema=self.add_suggested_values_to_schema(
                probatio.Schema(schema), user_input or suggested
            ),
            errors=errors,
            description_placeholders={
                "miner": plain(candidate.label),
                "problems": problems,
            },
            last_step=True,
        )

    async def _accept(self, taught: Taught, name: str) -> ResultT:
        """Have the pack installed. Raises PackError where it cannot be, by this name."""
        registry = async_registry(self.hass)
        taken = {
            *async_installed_packs(self.hass),
            *(key.removeprefix(extension_id_of("")) for key in registry.extensions),
        }
        files = await self.hass.async_add_executor_job(named, taught.data, name, taken)
        return await self._install(files)

    def _is_known(self, candidate: Candidate) -> bool:
        mac = candidate.rig.mac if candidate.rig else None
        return bool(
            async_find_miner(
                self.hass, mac=mac, host=candidate.host, port=candidate.port
            )
        )

    def _add(self, candidate: Candidate, entry_id: str | None) -> None:
        """Add the miner to a site, if one was chosen and it is in none meanwhile."""
        entry = self.hass.config_entries.async_get_entry(entry_id or "")
        if entry in async_sites(self.hass) and not self._is_known(candidate):
            self.hass.config_entries.async_add_subentry(
                entry, as_config_subentry(candidate.as_subentry())
            )
