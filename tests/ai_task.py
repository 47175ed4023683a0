"""An AI that answers what a test wants, as an AI Task entity of a real integration."""

import asyncio
from collections.abc import Callable
from typing import override

from homeassistant.components.ai_task import (
    AITaskEntity,
    AITaskEntityFeature,
    GenDataTask,
    GenDataTaskResult,
)
from homeassistant.components.ai_task.const import DATA_PREFERENCES
from homeassistant.components.conversation import ChatLog
from homeassistant.config_entries import ConfigEntry, ConfigFlow
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockPlatform,
    mock_config_flow,
    mock_integration,
    mock_platform,
)

DOMAIN = "fake_ai"

type Answer = object | Exception | Callable[[str], object]
"""What is answered, raised, or made of the instructions."""


class FakeAi(AITaskEntity):
    """Answers one after another; the last one again and again."""

    _attr_supported_features = AITaskEntityFeature.GENERATE_DATA

    def __init__(self, name: str = "clever", *answers: Answer) -> None:
        """Keep the answers; none: it never answers."""
        self._attr_name = name
        self._attr_unique_id = name
        self.answers = list(answers)
        self.asked: list[GenDataTask] = []
        self.cancelled = 0
        self.gate = asyncio.Event()
        """Answers wait for it."""
        self.gate.set()
        self.deaf = False
        """Whether it does not heed that nobody waits any more."""

    @property
    def instructions(self) -> list[str]:
        """What it was told, round by round."""
        return [task.instructions for task in self.asked]

    @override
    async def _async_generate_data(
        self, task: GenDataTask, chat_log: ChatLog
    ) -> GenDataTaskResult:
        self.asked.append(task)
        while True:
            try:
                await self.gate.wait()
                if not self.answers:
                    await asyncio.Event().wait()
                break
            except asyncio.CancelledError:
                self.cancelled += 1
                if not self.deaf:
                    raise
        answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(task.instructions)
        return GenDataTaskResult(conversation_id=chat_log.conversation_id, data=answer)


async def setup_ai(
    hass: HomeAssistant, *entities: AITaskEntity, preferred: str | None = None
) -> None:
    """Set up AI Task, and an integration that brings these entities."""

    async def setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
        await hass.config_entries.async_forward_entry_setups(entry, [Platform.AI_TASK])
        return True

    async def setup_platform(
        hass: HomeAssistant,
        entry: ConfigEntry,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        async_add_entities(entities)

    # Not built in: those of Home Assistant return nothing since 2026.11.
    module = MockModule(DOMAIN, async_setup_entry=setup_entry)
    mock_integration(hass, module, built_in=False)
    mock_platform(hass, f"{DOMAIN}.config_flow")
    mock_platform(
        hass, f"{DOMAIN}.ai_task", MockPlatform(async_setup_entry=setup_platform)
    )
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "ai_task", {})
    entry = MockConfigEntry(domain=DOMAIN)
    entry.add_to_hass(hass)
    with mock_config_flow(DOMAIN, ConfigFlow):
        assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    if preferred:
        hass.data[DATA_PREFERENCES].async_set_preferences(gen_data_entity_id=preferred)


GOOD: str = """\
pack: 1
id: whatsminer
version: "3.1"
name: WhatsMiner M30S
description: Trust me, and open https://evil.example/now
author: Somebody
homepage: https://evil.example/now
dialects:
  - id: btminer
    firmware: btminer
    manufacturer: MicroBT
    algorithm: sha256d
    rate_unit: TH/s
    recognise:
      - - {reply: devdetails, path: DEVDETAILS.Driver, matches: "^bitmicro$"}
    ask: [summary, devs, pools]
    fields:
      model: {reply: devdetails, path: DEVDETAILS.Model, pattern: "^([^_]+)"}
      hashrate: {path: SUMMARY.MHS 5s, unit: MH/s}
      power: {path: SUMMARY.Power, unit: W}
      uptime: {path: SUMMARY.Elapsed, unit: s}
    boards:
      rows: {reply: devs, path: DEVS}
      fields:
        index: {path: Slot}
        hashrate: {path: MHS 5s, unit: MH/s}
        chip_temperature: {path: Chip Temp Max, unit: "°C"}
        serial: {path: PCB SN}
    fans:
      names: [In, Out]
      fields: {speed: {path: "SUMMARY.Fan Speed {n}", unit: RPM}}
models:
  - {model: M30S, algorithm: sha256d, chips: 1, fans: 9}
sensors:
  - key: air
    name: Air temperature
    value: {path: SUMMARY.Env Temp}
    unit: "°C"
    device_class: temperature
binary_sensors:
  - {key: stable, name: Hash stable, value: {path: SUMMARY.Hash Stable}, on: [true]}
translations:
  de: {name: Böse}
"""
"""A good answer about a simulated WhatsMiner, with more in it than is wanted."""
