"""The dialects and models that miners on port 4028 are read by: ours, and what extensions add."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from .apart import HungError
from .control.braiins import BraiinsController
from .control.controller import Controller, Miner
from .control.luxos import LuxosController
from .control.stock_classic import ClassicController
from .control.stock_x19 import X19Controller
from .control.vnish import VnishController
from .firmware import DIALECTS, Dialect, Fingerprint, foreigner, unrecognised
from .hardware import TABLE, Models

APART_DEADLINE = 5.0
"""Seconds that code of an extension may take to recognise or to read one rig's replies."""

_CONTROLLERS: Mapping[str, Callable[[Miner], Controller]] = {
    "braiins": BraiinsController,
    "classic": ClassicController,
    "luxos": LuxosController,
    "vnish": VnishController,
    "x19": X19Controller,
}
"""By the name of the dialect that a miner speaks; of the others no control is known."""


def _of_antminers(dialect: Dialect) -> Dialect:
    """Give a dialect with its control, and without the other makers' miners that look alike."""
    return replace(
        dialect,
        control=_CONTROLLERS.get(dialect.name),
        recognises=lambda fingerprint: (
            not foreigner(fingerprint) and dialect.recognises(fingerprint)
        ),
    )


ANTMINER_DIALECTS = tuple(map(_of_antminers, DIALECTS))


class Book:
    """What there is to choose from, in the order of asking; replaced by others while miners run."""

    def __init__(self, dialects: tuple[Dialect, ...] = ANTMINER_DIALECTS) -> None:
        """Begin with these dialects and with the models of the table."""
        self.dialects = dialects
        self.models: Models = TABLE

    @property
    def probes(self) -> tuple[str, ...]:
        """Commands that dialects want asked of a miner that nobody recognises, each once."""
        return tuple(
            dict.fromkeys(name for dialect in self.dialects for name in dialect.probes)
        )

    async def recognise(self, fingerprint: Fingerprint) -> Dialect:
        """Tell the dialect of a miner.

        Raises UnknownMinerError, naming what answers as far as it can be told, where it is
        none of them.
        """
        for dialect in self.dialects:
            try:
                found = await run_apart(dialect, dialect.recognises, fingerprint)
            except HungError:
                continue
            if found:
                return dialect
        raise unrecognised(foreigner(fingerprint))


async def run_apart[**P, T](
    dialect: Dialect, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run a function of a dialect: at once if it is ours, else in a thread and with a deadline.

    Raises HungError when the deadline passed, and whatever the function raises.
    """
    if dialect.apart is None:
        return function(*args, **kwargs)
    return await dialect.apart.run(
        partial(function, *args, **kwargs),
        name=dialect.name,
        deadline=APART_DEADLINE,
        when_hung=dialect.when_hung,
    )
