"""``switchpool``, ``addpool`` and ``removepool``, which LuxOS and BOSminer have from cgminer.

As in cgminer's api.c the last pool takes the place of one that is removed, and the pool
that is worked for, or the last one, cannot be removed. Empty slots are not counted.
"""

from dataclasses import replace

from simulator.configuration import Configuration
from simulator.model import MinerModel
from simulator.orders import Order
from simulator.profiles import PoolSetting
from simulator.wire import Record

from .base import Dialect

COMMANDS = frozenset({"switchpool", "addpool", "removepool"})


def tell(
    dialect: Dialect,
    miner: MinerModel,
    command: str,
    parameter: str,
    *,
    kept: bool = True,
) -> Record:
    """The reply to one of ``COMMANDS``; unless ``kept`` a restart undoes it."""
    state = miner.snapshot()
    config = _counted(miner.config)
    if command == "addpool":
        parts = parameter.split(",")
        if len(parts) < 3 or not parts[0]:
            return dialect.error(state, 52, "Missing addpool details")
        added = PoolSetting(url=parts[0], user=parts[1], password=parts[2])
        count = len(config.pools)
        changed = replace(
            config, pools=(*config.pools, added), order=(*config.order, count)
        )
        message, code = f"Added pool {count}: '{added.url}'", 55
    else:
        if not parameter:
            return dialect.error(state, 25, "Missing pool id parameter")
        last = len(config.pools) - 1
        if not parameter.isdecimal() or int(parameter) > last:
            return dialect.error(
                state, 26, f"Invalid pool id {parameter} - range is 0 - {last}"
            )
        index = int(parameter)
        url = config.pools[index].url
        if command == "switchpool":
            rest = tuple(place for place in config.order if place != index)
            changed = replace(config, order=(index, *rest))
            message, code = f"Switching to pool {index}:'{url}'", 27
        elif last == 0:
            return dialect.error(state, 66, f"Cannot remove last pool {index}:'{url}'")
        elif state.active_pool and state.active_pool.index == index:
            return dialect.error(
                state, 67, f"Cannot remove active pool {index}:'{url}'"
            )
        else:
            changed = _without(config, index)
            message, code = f"Removed pool {index}:'{url}'", 68
    miner.orders.append(Order(config=changed, kept=kept))
    return {"STATUS": dialect.status(state, code, message), "id": 1}


def _counted(config: Configuration) -> Configuration:
    """Without its empty slots, which come last, and with its order told."""
    pools = tuple(pool for pool in config.pools if pool.url)
    order = tuple(place for place in config.order if place < len(pools))
    return replace(config, pools=pools, order=order or tuple(range(len(pools))))


def _without(config: Configuration, index: int) -> Configuration:
    pools = list(config.pools)
    last = len(pools) - 1
    pools[index] = pools[last]
    del pools[last]
    order = tuple(
        index if place == last else place for place in config.order if place != index
    )
    return replace(config, pools=tuple(pools), order=order)
