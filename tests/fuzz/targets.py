"""All that is fuzzed, by name."""

from typing import Final

from .hive import HIVE_TARGETS
from .miners import MINER_TARGETS
from .packs import PACK_TARGETS
from .redact import REDACT_TARGET

TARGETS: Final = {
    target.name: target
    for target in (*MINER_TARGETS, *HIVE_TARGETS, *PACK_TARGETS, REDACT_TARGET)
}
