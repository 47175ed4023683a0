"""Answers every task with the WhatsMiner pack of the docs: first without its version, as models do."""

import asyncio
from pathlib import Path
from typing import override

from homeassistant.components.ai_task import (
    AITaskEntity,
    AITaskEntityFeature,
    GenDataTask,
    GenDataTaskResult,
)
from homeassistant.components.conversation import ChatLog
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

ANSWER = (
    Path(__file__).resolve().parents[3]
    / "docs"
    / "examples"
    / "whatsminer"
    / "pack.yaml"
)
THINKING = 2.0
"""Seconds."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entity."""
    async_add_entities([DemoAi(entry)])


class DemoAi(AITaskEntity):
    """Knows one answer."""

    _attr_name = "Demo AI"
    _attr_supported_features = AITaskEntityFeature.GENERATE_DATA

    def __init__(self, entry: ConfigEntry) -> None:
        """Begin with the wrong answer."""
        self._attr_unique_id = entry.entry_id
        self._rounds = 0

    @override
    async def _async_generate_data(
        self, task: GenDataTask, chat_log: ChatLog
    ) -> GenDataTaskResult:
        """Give the pack, at every other time without its version."""
        await asyncio.sleep(THINKING)
        text = await self.hass.async_add_executor_job(ANSWER.read_text)
        self._rounds += 1
        if self._rounds % 2:
            lines = text.splitlines(keepends=True)
            text = "".join(line for line in lines if not line.startswith("version:"))
        return GenDataTaskResult(
            conversation_id=chat_log.conversation_id, data=f"```yaml\n{text}```"
        )
