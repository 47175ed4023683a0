"""Teaching a new miner: an AI Task of Home Assistant writes a pack from the miner's replies.

What comes of it is a pack that was checked and tried on the miner itself, or words that say
why not. Whatever the model or the miner says, nothing else of it is used.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
import logging
from typing import Final

from homeassistant.const import ATTR_SUPPORTED_FEATURES, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from .antminer.apart import Apart
from .antminer.book import Book
from .antminer.cgminer import CgminerClient, ConnectTimeoutError, Reply, is_error
from .antminer.firmware import Dialect, Fingerprint
from .antminer.source import AntminerSource
from .const import DOMAIN
from .guard import guard_dialect
from .json_value import Json
from .packs.limits import COMMANDS
from .packs.model import Pack
from .packs.where import Figure
from .registry import async_registry
from .rig import Rig
from .source import (
    AccessDeniedError,
    InvalidReplyError,
    SourceError,
    SourceRefusedError,
    SourceTimeoutError,
    SourceUnreachableError,
)
from .teach_pack import Draft, draft_of, is_useful
from .teach_prompt import (
    LONGEST_PROBLEM,
    TASK_NAME,
    AnswerError,
    answer_text,
    instructions,
)
from .teach_redact import Redactor

_LOGGER = logging.getLogger(__name__)

AI_TASK: Final = "ai_task"
ROUNDS: Final = 3
"""Answers that are asked for at most."""
READ_DEADLINE = 60.0
"""Seconds for all replies, and for the reading with the finished pack."""
REPLY_TIMEOUT = 5.0
ANSWER_DEADLINE = 120.0
"""Seconds for one answer."""
LONGEST_REASON = 200
MOST_PROBLEMS_SHOWN = 5

ASKED: Final = tuple(name for name in COMMANDS if name not in {"asccount", "minestats"})
"""What a miner is asked. Nothing in it changes anything, and the two left out tell next to
nothing."""
MOST_MISSES = 3
"""Commands in a row without an answer after which no more are tried."""
MOST_REPLY = 256 * 1024
"""Bytes of one reply that is learned from."""
MOST_REPLIES = 512 * 1024


class TeachError(Exception):
    """Teaching cannot go on: the key of the words that say why, and their values."""

    def __init__(self, key: str, **values: str) -> None:
        """Keep them."""
        super().__init__(key)
        self.key = key
        self.values = values


@dataclass(frozen=True, slots=True)
class Replies:
    """What a miner said."""

    told: Mapping[str, Reply]
    refused: tuple[str, ...]
    """Commands without an answer that could be used."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A pack that reads the miner."""

    data: Mapping[str, Json]
    """What stands in it."""
    pack: Pack
    figures: tuple[Figure, ...]
    """As it read them from the replies that were learned from."""
    rig: Rig
    """As it was read anew, by this pack alone."""


# --- the miner ------------------------------------------------------------------------


async def async_replies(host: str, port: int) -> Replies:
    """Ask a miner everything that only reads, and keep what it answers.

    Raises SourceError where it answers nothing that could be learned from.
    """
    client = CgminerClient(host, port, connect_timeout=3.0, timeout=REPLY_TIMEOUT)
    told: dict[str, Reply] = {}
    size = misses = 0
    failure: SourceError | None = None
    try:
        async with asyncio.timeout(READ_DEADLINE):
            for name in ASKED:
                try:
                    reply = await client.command(name)
                except SourceUnreachableError as err:
                    if not told and isinstance(
                        err, ConnectTimeoutError | SourceRefusedError
                    ):
                        raise
                    # Some firmware gives no answer to a command that it does not know.
                    failure = failure or err
                    misses += 1
                except (AccessDeniedError, InvalidReplyError) as err:
                    failure = failure or err
                    misses = 0
                else:
                    misses = 0
                    received = client.exchanges[-1].size
                    if not is_error(reply) and received <= MOST_REPLY:
                        size += received
                        told[name] = reply
                if misses == MOST_MISSES or size > MOST_REPLIES:
                    break
    except TimeoutError:
        failure = failure or SourceTimeoutError(f"not read within {READ_DEADLINE:g} s")
    if not told:
        raise failure or InvalidReplyError(f"{host}:{port}: it refuses every command")
    return Replies(told, tuple(name for name in ASKED if name not in told))


async def _async_read(host: str, port: int, dialects: tuple[Dialect, ...]) -> Rig:
    """Read a miner with these dialects alone, as a poll would. Raises SourceError."""

    def report(what: str, error: BaseException | str) -> None:
        _LOGGER.debug("%s: %s", what, error)

    apart = Apart()
    book = Book(tuple(guard_dialect(dialect, report, apart) for dialect in dialects))
    source = AntminerSource("taught", host, port, timeout=REPLY_TIMEOUT, book=book)
    try:
        async with asyncio.timeout(READ_DEADLINE):
            (rig,) = (await source.read()).rigs
    except TimeoutError:
        raise SourceTimeoutError(f"not read within {READ_DEADLINE:g} s") from None
    finally:
        await source.close()
    return rig


# --- the AI ---------------------------------------------------------------------------


@callback
def async_ai_entities(hass: HomeAssistant) -> tuple[str, ...]:
    """Give the AI Task entities that generate data, the preferred one first."""
    if AI_TASK not in hass.config.components:
        return ()
    # It brings cameras, media and speech along: only where somebody has set it up.
    from homeassistant.components.ai_task.const import (  # noqa: PLC0415
        DATA_PREFERENCES,
        AITaskEntityFeature,
    )

    preferred = hass.data[DATA_PREFERENCES].gen_data_entity_id
    usable = [
        state.entity_id
        for state in hass.states.async_all(AI_TASK)
        if state.state != STATE_UNAVAILABLE
        and state.attributes.get(ATTR_SUPPORTED_FEATURES, 0)
        & AITaskEntityFeature.GENERATE_DATA
    ]
    return tuple(sorted(usable, key=lambda item: (item != preferred, item)))


async def _async_generate(hass: HomeAssistant, entity_id: str, text: str) -> object:
    """Have an AI answer. Raises TeachError where it does not, within the deadline."""
    from homeassistant.components import ai_task  # noqa: PLC0415 - as above

    # A task of its own: the integration of an AI may not heed that it is cancelled.
    task = hass.async_create_background_task(
        ai_task.async_generate_data(
            hass, task_name=TASK_NAME, entity_id=entity_id, instructions=text
        ),
        f"{DOMAIN} answer",
    )
    # Else the error of an answer that nobody waits for any more would be complained of.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        await asyncio.wait({task}, timeout=ANSWER_DEADLINE)
    finally:
        is_late = not task.done()
        task.cancel()
    if is_late:
        raise TeachError("ai_late", seconds=f"{ANSWER_DEADLINE:g}")
    if task.cancelled():
        raise TeachError("ai_failed", reason="cancelled")
    if error := task.exception():
        _LOGGER.debug("The AI Task failed: %s", type(error).__name__)
        # Only errors of this kind are made for users; in others anything may stand.
        reason = str(error) if isinstance(error, HomeAssistantError) else ""
        raise TeachError("ai_failed", reason=reason or type(error).__name__)
    return task.result().data


# --- the lesson -----------------------------------------------------------------------


class Lesson:
    """One miner that is to be taught: it is read, then asked about round by round."""

    def __init__(
        self, hass: HomeAssistant, host: str, port: int, entity_id: str
    ) -> None:
        """Keep which miner it is, and which AI is asked."""
        self.host = host
        self.port = port
        self.round = 0
        """The round that comes next or runs; 0: the miner is read."""
        self.taught: Taught | None = None
        """What came of it, once it did."""
        self._hass = hass
        self._entity_id = entity_id
        self._replies = Replies({}, ())
        self._redactor = Redactor({})
        self._redacted: Mapping[str, Json] = {}
        self._draft: Draft | None = None

    async def async_step(self) -> None:
        """Read the miner, or have one round.

        Raises SourceError where the miner cannot be read, and TeachError where there is no
        use in going on.
        """
        if not self.round:
            await self._async_begin()
        elif not await self._async_round() and self.round == ROUNDS:
            problems = [
                item[:LONGEST_PROBLEM]
                for item in self._problems()[:MOST_PROBLEMS_SHOWN]
            ]
            raise TeachError("not_learned", problems="; ".join(problems))
        self.round += 1

    async def _async_begin(self) -> None:
        self._replies = replies = await async_replies(self.host, self.port)
        told = replies.told
        fingerprint = Fingerprint(told.get("version"), told.get("stats"), told)
        try:
            known = await async_registry(self._hass).book.recognise(fingerprint)
        except InvalidReplyError:
            pass
        else:
            # Whoever recognises a miner first keeps it: a pack would never be used.
            raise TeachError("known_already", firmware=known.name)
        self._redactor, self._redacted = await self._hass.async_add_executor_job(
            _redacted, told, self.host
        )

    async def _async_round(self) -> bool:
        """Ask once; tell whether the pack is good."""
        former = self._draft
        text = instructions(
            self._redacted,
            self._replies.refused,
            former.text if former else None,
            self._problems(),
        )
        try:
            answer = await _async_generate(self._hass, self._entity_id, text)
        except TeachError as err:
            raise TeachError(
                err.key,
                **{
                    name: self._redactor.text(value)[:LONGEST_REASON]
                    for name, value in err.values.items()
                },
            ) from None
        try:
            wanted = answer_text(answer)
        except AnswerError as err:
            raise TeachError(err.key) from None
        self._draft = draft = await self._hass.async_add_executor_job(
            draft_of, wanted, self._replies.told, self.host, self._redactor
        )
        if draft.problems or draft.data is None or draft.pack is None:
            return False
        try:
            rig = await _async_read(self.host, self.port, draft.dialects)
        except (AccessDeniedError, InvalidReplyError) as err:
            problem = f"reading the miner anew failed: {self._redactor.text(f'{err}')}"
        else:
            if is_useful(rig, draft.figures):
                self.taught = Taught(draft.data, draft.pack, draft.figures, rig)
                return True
            problem = "read anew, the miner gave neither a hashrate nor a model"
        self._draft = replace(draft, problems=(problem,))
        return False

    def _problems(self) -> tuple[str, ...]:
        """Give what is wrong with the last answer."""
        return self._draft.problems if self._draft else ()


def _redacted(
    replies: Mapping[str, Reply], host: str
) -> tuple[Redactor, Mapping[str, Json]]:
    redactor = Redactor(replies, (host,))
    return redactor, redactor.replies(replies)
