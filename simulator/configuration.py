"""What a miner is set to, as its firmware keeps it: the truth behind every control."""

from dataclasses import dataclass, replace

from .profiles import PoolSetting, Profile, default_pools

SCHEME = "stratum+tcp://"
_SLEEP = {"x19": "1", "classic": "254"}
_NORMAL = {"x19": "0", "classic": "1"}
_PACE = {"2": 1.1, "3": 0.75}
"""Rate in each mode of the X19 generation, as a part of the nominal one."""
_FIRST_YEAR_OF_LOW_POWER = 2022
_FIRST_YEAR_OF_HIGH_POWER = 2024
_FIRST_YEAR_OF_DEFAULTS = 2024
"""From here on the script writes defaults where it has nothing (FR-1.x of 2025 does)."""
_STEPS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
LEAST_TARGET, MOST_TARGET = 0.4, 1.3
"""Bounds of a power target, as parts of the rated power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The settings of a miner. Text is text where the firmware keeps text, empty when wiped."""

    pools: tuple[PoolSetting, ...]
    """As they were set: stock firmware keeps an address with or without its scheme."""
    order: tuple[int, ...] = ()
    """Indices of the pools, the first in priority first; empty: as they stand."""
    mode: str = "normal"
    """Stock X19: ``0`` normal, ``1`` sleep, ``2`` high, ``3`` low power; S17: ``254`` sleep,
    else ``0`` to ``2``; S9: nothing; all others ``normal`` or ``sleep``."""
    freq_level: str = "100"
    """Per cent of the nominal frequency."""
    fan_manual: bool | None = False
    """``None``: nothing is written, which makes the file invalid JSON."""
    fan_pwm: str = "100"
    """Per cent."""
    frequency: str = ""
    voltage: str = ""
    preset: str = ""
    """LuxOS: name of the profile; VNish: name of the preset."""
    power_target: int | None = None
    """W; Braiins OS."""

    @property
    def wiped(self) -> bool:
        """Nothing is left of any pool: the script overwrote the file with empty strings."""
        return not any(pool.url or pool.user or pool.password for pool in self.pools)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A level of power to choose: a profile of LuxOS, a preset of VNish."""

    name: str
    pretty: str
    frequency: int
    rate: float
    """Hashes per second."""
    watts: int


def first_configuration(profile: Profile, worker: str) -> Configuration:
    """What a new miner of that profile is set to."""
    pools = default_pools(worker)
    if profile.dialect in _SLEEP:
        pools = tuple(
            replace(pool, url=pool.url.removeprefix(SCHEME)) for pool in pools
        )
    return Configuration(
        pools=pools,
        mode=normal_mode(profile),
        frequency=str(profile.frequency),
        voltage="1400",
        preset=_nominal(profile).name,
        power_target=int(profile.power) if profile.dialect == "braiins" else None,
    )


def sleep_mode(profile: Profile) -> str:
    """The mode of a miner that sleeps."""
    return _SLEEP.get(profile.dialect, "sleep")


def normal_mode(profile: Profile) -> str:
    """The mode of a miner at work; none where there is no other."""
    if profile.dialect == "classic" and not profile.sleeps:
        return ""
    return _NORMAL.get(profile.dialect, "normal")


def modes(profile: Profile) -> tuple[str, ...]:
    """The modes that the stock script takes; any other leaves the one before.

    Which model's script took low and high power first is not known; the years are a guess
    that gives every case a model.
    """
    if profile.dialect == "classic":
        return ("0", "1", "2", "254") if profile.sleeps else ()
    year = built(profile)
    taken = ["0", "1"]
    if year >= _FIRST_YEAR_OF_HIGH_POWER:
        taken.append("2")
    if year >= _FIRST_YEAR_OF_LOW_POWER:
        taken.append("3")
    return tuple(taken)


def built(profile: Profile) -> int:
    """The year in which stock firmware was built."""
    return int(profile.compiled[-4:])


def defaults(profile: Profile) -> bool:
    """Whether the script writes defaults where it has nothing, and refuses an empty body."""
    return built(profile) >= _FIRST_YEAR_OF_DEFAULTS


def wiped(config: Configuration, profile: Profile) -> Configuration:
    """What the stock script leaves when it could read nothing of what it was sent."""
    late = defaults(profile)
    return replace(
        config,
        pools=tuple(PoolSetting(password="") for _ in config.pools),
        order=(),
        mode="0" if late and profile.dialect == "x19" else "",
        freq_level="",
        fan_manual=False if late else None,
        fan_pwm="100" if late else "",
    )


def pace(config: Configuration, profile: Profile) -> float:
    """The rate under these settings, as a part of the rated one."""
    chosen = next(
        (item for item in presets(profile) if item.name == config.preset), None
    )
    if profile.dialect in {"luxos", "vnish"} and chosen:
        return chosen.watts / profile.power
    if config.power_target is not None:
        return config.power_target / profile.power
    level = int(config.freq_level) / 100 if config.freq_level.isdecimal() else 1.0
    return level * (_PACE.get(config.mode, 1.0) if profile.dialect == "x19" else 1.0)


def presets(profile: Profile) -> tuple[Preset, ...]:
    """The levels of power, the lowest first; the middle one is the rated."""
    return tuple(_preset(profile, step) for step in _STEPS)


def _nominal(profile: Profile) -> Preset:
    return _preset(profile, 1.0)


def _preset(profile: Profile, step: float) -> Preset:
    watts = int(profile.power * step)
    frequency = int(profile.frequency * step)
    rate = profile.rate * step
    name = f"{frequency}MHz" if profile.dialect == "luxos" else str(watts)
    return Preset(
        name=name,
        pretty=f"{watts} watt ~ {rate / 1e12:.0f} TH",
        frequency=frequency,
        rate=rate,
        watts=watts,
    )


def with_scheme(url: str) -> str:
    """A pool's URL as the daemon shows it."""
    return url if not url or "://" in url else SCHEME + url
