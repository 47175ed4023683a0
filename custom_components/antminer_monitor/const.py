"""Names and figures that several modules of the integration share."""

from typing import Final

DOMAIN: Final = "antminer_monitor"

KIND_SITE: Final = "site"
"""Kind of a config entry: the Antminers of one place."""

KIND_HIVEOS: Final = "hiveos"
"""Kind of a config entry: a HiveOS account and its farms."""

KIND_PACKS: Final = "packs"
"""Kind of a config entry: the extension packs that are installed."""

SUBENTRY_MINER: Final = "miner"
"""Type of a config subentry: one miner of a site."""

SUBENTRY_PACK: Final = "pack"
"""Type of a config subentry: one extension pack."""

CONF_ALLOW_EXEC: Final = "allow_exec"
"""Option of a HiveOS account: whether commands may be run in the shell of its rigs."""
CONF_FARMS_OFF: Final = "farms_off"
"""Option of a HiveOS account: the ids of the farms that are not followed; new ones are."""
CONF_ENERGY_PRICE: Final = "energy_price"
"""Option: what a kWh costs, in the currency of Home Assistant; not set unless somebody does."""
CONF_HOT_BOARD: Final = "hot_board"
CONF_HOT_CHIP: Final = "hot_chip"
"""Options: °C from which on a rig overheats."""
CONF_KIND: Final = "kind"
CONF_LOW_HASHRATE: Final = "low_hashrate"
"""Option: per cent of the nominal hashrate under which a rig is slow."""
CONF_STALE_AFTER: Final = "stale_after"
CONF_TIMEOUT: Final = "timeout"
CONF_WEB_PORT: Final = "web_port"
"""In the data of a miner whose web page is not at port 80: no flow asks for it, simulated ones have it."""

DEFAULT_SCAN_INTERVAL: Final = 30
MIN_SCAN_INTERVAL: Final = 10
MAX_SCAN_INTERVAL: Final = 600
"""Seconds between two readings of a rig."""

DEFAULT_HIVE_INTERVAL: Final = 60
MIN_HIVE_INTERVAL: Final = 30
MAX_HIVE_INTERVAL: Final = 900
"""Seconds between two readings of a HiveOS account: the service is others' too."""

DEFAULT_TIMEOUT: Final = 10
MIN_TIMEOUT: Final = 2
MAX_TIMEOUT: Final = 60
"""Seconds that one exchange with a miner may take."""

STALE_POLLS: Final = 3
"""A rig is stale after so many intervals without a reading, unless the options say otherwise."""

MAX_STALE_AFTER: Final = 86_400
