"""What miners the farm can hold: hardware, firmware and what each starts with.

Figures (boards, chips, fans, rated watts, versions) are those of section 3.10, 4 and 6.2
of the project's reference on Antminers; how a firmware writes them is the dialects' matter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

HASHES_PER_DIFFICULTY = {
    "sha256d": 2.0**32,
    "x11": 2.0**32,
    "scrypt": 2.0**16,
    "ethash": 9.0e7,
    "equihash": 5.0e4,
}
"""Work of one share of difficulty 1, per algorithm (from accepted shares and rates of captures)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolSetting:
    """A pool slot of a miner; empty slots have an empty URL."""

    url: str = ""
    user: str = ""
    password: str = "x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a miner suffers or was told, apart from faults of its connection."""

    sleep: bool = False
    """Told not to hash (miner-mode 1, Mode 254, curtailed, stopped, paused)."""
    missing_board: int | None = None
    """Index, from 0, of a board that is not found."""
    dying_chips: int = 0
    """Chips of the last board that fail."""
    over_temperature: bool = False
    """Stopped by heat: no hashing, every chip failing, fans at full speed."""
    pool_dead: bool = False
    """Pool 0 does not answer; the miner works for pool 1."""
    ambient: float | None = None
    """Temperature of the air in °C; ``None``: that of the farm, about 25."""
    clock: float = 0.0
    """Seconds that its clock is ahead; negative: behind, as in 1970 without a time server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A model with a firmware."""

    name: str
    dialect: str
    """Module of ``simulator.dialects`` that speaks for it."""
    layout: str
    """Variant within the dialect."""
    model: str
    """``Type`` on the wire."""
    firmware: str = "stock"
    algorithm: str = "sha256d"
    boards: int = 3
    chips: int
    """Per board."""
    fans: int = 4
    rate: float
    """Nominal hashes (solutions) per second of all boards."""
    unit: float = 1e9
    """Hashes per second of one unit of the rates on the wire."""
    unit_name: str = "GH"
    frequency: int
    chip_group: int = 8
    """Chips between two blanks of ``chain_acs``."""
    power: float
    """Rated watts."""
    difficulty: float = 65536.0
    """Of a share, as the pool sets it."""
    miner: str = ""
    """``Miner`` of ``version``: hardware and API version."""
    description: str = ""
    """Daemon and version, in every STATUS block."""
    daemon: str = ""
    """Version under the daemon's own key."""
    compiled: str = ""
    """``CompileTime``."""
    chip_delta: int = 5
    """Chip over board temperature in °C, in this firmware's figures."""
    fan_step: int = 120
    fan_max: int = 7000
    idle_fans: tuple[int, ...] = ()
    """RPM while it sleeps; empty: they stand still."""
    fee: float = 0.0
    """Part of the work that the firmware does for its maker, on a pool of its own."""
    fee_difficulty: float = 2048.0
    sleeps: bool = True
    new_api: bool = False
    """Answers ``{"command": …, "new_api": true}``."""
    web: str | None = "new"
    """``old`` or ``new`` stock pages, ``vnish`` or ``braiins`` REST, or none."""
    extras: bool = False
    """Serves watts on its own port (6060 on the real ones)."""
    conditions: Conditions = Conditions()


def _x19(name: str, layout: str, model: str, **changes: object) -> Profile:
    base = Profile(
        name=name, dialect="x19", layout=layout, model=model, chips=114, rate=110e12, frequency=525, chip_group=3,
        power=3250, difficulty=524288.0, miner="49.0.1.3", description="cgminer 1.0.0", daemon="1.0.0",
        compiled="Wed Oct 21 10:18:10 CST 2020",
    )  # fmt: skip
    if layout == "zynq":
        base = replace(base, idle_fans=(1560, 1560, 600, 720))
    # The keys are written below, in this file, next to their types.
    return replace(base, **changes)  # type: ignore[arg-type]  # fields are checked at run time


_UART = "uart_trans.1.3"
_S9 = Profile(
    name="s9", dialect="classic", layout="s9", model="Antminer S9", chips=63, fans=2, rate=13.5e12, frequency=650,
    power=1323, difficulty=32768.0, miner="16.8.1.3", description="bmminer 1.0.0", daemon="2.0.0",
    compiled="Fri Nov 17 17:37:49 CST 2017", chip_delta=15, fan_step=120, fan_max=6200, sleeps=False, web="old",
)  # fmt: skip
_S19PRO_2020 = _x19("s19pro_2020", "zynq", "Antminer S19 Pro")
_S19JPRO_2022 = _x19(
    "s19jpro_2022", "uart", "Antminer S19j Pro", chips=126, rate=100e12, power=3050, miner=_UART,
    compiled="Tue Mar 29 14:31:43 CST 2022",
)  # fmt: skip
_S21 = _x19(
    "s21_2024", "s21", "Antminer S21", chips=108, rate=200e12, frequency=490, chip_group=9, power=3500,
    difficulty=262144.0, miner=_UART, compiled="Thu Jul 11 16:38:25 CST 2024", fan_step=60, new_api=True, extras=True,
)  # fmt: skip

_ALL = (
    _S9,
    replace(_S9, name="s9_hiveon", layout="hiveon", model="Antminer S9 Hiveon", firmware="hiveon", miner="30.0.1.3",
            daemon="2.0.0 rwglr", compiled="Tue Nov 20 10:12:30 UTC 2019", difficulty=65536.0),
    Profile(name="l3plus", dialect="classic", layout="l3", model="Antminer L3+", algorithm="scrypt", boards=4, chips=72,
            fans=2, rate=504e6, unit=1e6, unit_name="MH", frequency=384, power=800, miner="1.0.1.3",
            description="cgminer 4.9.0", daemon="4.9.0", compiled="Fri Aug 25 17:28:57 CST 2017", chip_delta=9,
            fan_step=30, fan_max=5200, sleeps=False, web="old"),
    Profile(name="d3", dialect="classic", layout="d3", model="Antminer D3 Blissz v2.06 beta", algorithm="x11", chips=60,
            fans=2, rate=16.8e9, unit=1e6, unit_name="MH", frequency=450, power=1100, difficulty=69.24612531,
            miner="1.0.0.9", description="cgminer 4.10.0", daemon="4.10.0", compiled="Fri Jan 05 16:48:56 CST 2018",
            chip_delta=20, fan_step=30, fan_max=6200, sleeps=False, web="old"),
    Profile(name="z11", dialect="classic", layout="z11", model="Antminer Z11", algorithm="equihash", chips=3, fans=2,
            rate=135e3, unit=1e3, unit_name="KSol", frequency=750, chip_group=8, power=1418, difficulty=21.0,
            miner="9.0.0.5", description="cgminer 4.9.0", daemon="4.9.0", compiled="Mon Apr 15 10:32:18 CST 2019",
            chip_delta=20, fan_step=60, fan_max=4800, sleeps=False, web="old"),
    Profile(name="e3", dialect="classic", layout="e3", model="Antminer E3", algorithm="ethash", boards=9, chips=2,
            fans=2, rate=197e6, unit=1e6, unit_name="MH", frequency=1600, power=760, difficulty=31.0,
            description="cgminer 4.9.0", daemon="4.9.0", compiled="Wed Jul 4 18:21:00 CST 2018", chip_delta=15,
            fan_max=6000, sleeps=False, web="old"),
    Profile(name="s9k", dialect="classic", layout="s9k", model="Antminer S9k", chips=60, fans=2, rate=14e12,
            frequency=385, power=1190, miner="13.10.1.3", description="cgminer 4.9.0", daemon="4.9.0",
            compiled="Sun Sep 29 15:25:10 CST 2019", chip_delta=25, fan_max=6000, sleeps=False, web="old"),
    Profile(name="t15", dialect="classic", layout="t15", model="Antminer T15", chips=60, fans=2, rate=23e12,
            frequency=520, power=1541, miner="27.10.1.3", description="cgminer 4.9.0", daemon="4.9.0",
            compiled="Fri Dec 13 15:46:16 CST 2019", chip_delta=15, fan_max=6000, sleeps=False, web="old"),
    Profile(name="s17pro", dialect="classic", layout="s17", model="Antminer S17 Pro", chips=48, rate=53e12,
            frequency=570, power=2094, difficulty=39491.0, miner="19.10.1.3", description="cgminer 1.0.0",
            daemon="1.0.0", compiled="Tue Aug 20 10:37:07 CST 2019", chip_delta=27, fan_max=6000, web="old"),
    _S19PRO_2020,
    replace(_S19PRO_2020, name="s19pro_cold", conditions=Conditions(ambient=-24.0)),
    _x19("s19_sleep_missing_board", "zynq", "Antminer S19", chips=76, chip_group=2, rate=95e12, frequency=675,
         difficulty=32768.0, compiled="Fri Dec 11 11:15:40 CST 2020",
         conditions=Conditions(sleep=True, missing_board=0)),
    _x19("s19jpro", "zynq", "Antminer S19j Pro", chips=126, rate=102e12, power=3050,
         compiled="Sat May 15 21:17:18 CST 2021"),
    _S19JPRO_2022,
    replace(_S19JPRO_2022, name="s19jpro_2022_sleep", conditions=Conditions(sleep=True)),
    _x19("s19pro_2022", "zynq", "Antminer S19 Pro", compiled="Tue Dec  6 16:12:30 CST 2022", new_api=True),
    _S21,
    _x19("s19xp_hyd", "s21", "Antminer S19 XP Hyd.", boards=4, chips=104, fans=0, rate=255e12, frequency=560,
         chip_group=8, power=5304, miner=_UART, compiled="Mon Apr 24 10:20:41 CST 2023", new_api=True, extras=True),
    _x19("l7", "s21", "Antminer L7", algorithm="scrypt", chips=120, rate=9.5e9, unit=1e6, unit_name="MH", frequency=1050,
         power=3425, difficulty=1048576.0, miner=_UART, compiled="Wed Feb 28 15:12:30 CST 2024", new_api=True),
    _x19("unknown", "s21", "Antminer S99", boards=4, chips=77, fans=6, rate=412e12, frequency=610, chip_group=7,
         power=4900, difficulty=1048576.0, miner="uart_trans.2.0", compiled="Tue Jan 13 09:41:07 CST 2026",
         new_api=True),
    replace(_S9, name="vnish_3", layout="vnish3", model="Antminer S9 (vnish 3.8.6)", firmware="vnish", miner="26.0.1.3",
            description="cgminer 4.11.1", daemon="4.11.1", compiled="Fri May  8 15:27:59 CST 2020", frequency=600,
            difficulty=65536.0, fee=0.01, fee_difficulty=512.0, web=None),
    Profile(name="vnish_1_2_0", dialect="vnish", layout="1.2.0-rc1", model="Antminer S19 XP (Vnish 1.2.0-rc1)",
            firmware="vnish", chips=110, rate=141e12, frequency=495, chip_group=10, power=3032, difficulty=524288.0,
            miner=_UART, description="cgminer 4.11.1", daemon="4.11.1", compiled="Sat Jun 24 11:17:59 UTC 2023",
            chip_delta=15, fan_step=30, fan_max=6500, fee=0.0384, web="vnish"),
    Profile(name="vnish_1_2_7", dialect="vnish", layout="1.2.7", model="Antminer S21 Pro (Vnish 1.2.7)",
            firmware="vnish", chips=65, rate=234e12, frequency=495, power=3510, difficulty=262144.0, miner="0.0.0",
            description="cgminer 4.11.1", daemon="1.2.7", compiled="2025-12-22 19:12:30", chip_delta=15, fan_step=30,
            fan_max=6500, fee=0.028, fee_difficulty=16384.0, web="vnish"),
    Profile(name="braiins", dialect="braiins", layout="0.2", model="Antminer S9", firmware="braiins", chips=63, fans=2,
            rate=14.2e12, frequency=650, power=1340, description="BOSminer+ 0.2.0-36c56a9363",
            daemon="0.2.0-36c56a9363", chip_delta=15, fan_step=60, fan_max=6200, web="braiins"),
    Profile(name="luxos", dialect="luxos", layout="2025", model="Antminer S19k Pro", firmware="luxos", chips=77,
            rate=62e12, frequency=300, chip_group=4, power=1051, difficulty=32768.0, miner="2025.4.8.220305",
            description="LUXminer 2025.4.8.220305-57b389c7", daemon="2025.4.8.220305-57b389c7",
            compiled="Tue Apr  8 22:05:35 UTC 2025", chip_delta=0, fan_step=60, fan_max=6000, web=None),
    Profile(name="whatsminer_m30s", dialect="whatsminer", layout="2.0", model="M30S_V10", firmware="btminer", chips=148,
            fans=2, rate=86e12, unit=1e6, unit_name="MH", frequency=640, power=3268, miner="2.0.5",
            daemon="20230714.15.Rel", chip_delta=12, fan_step=30, fan_max=6000, web=None),
    Profile(name="avalon_1246", dialect="avalon", layout="mm314", model="1246-83", firmware="avalon", chips=120,
            rate=83e12, unit=1e6, unit_name="MH", frequency=660, power=3154, difficulty=524288.0, miner="MM3v2_X3",
            description="cgminer 4.11.1", daemon="4.11.1", compiled="21042001_4ec6bb0_61407fa", chip_delta=10, fan_step=1,
            fan_max=7200, web=None),
)  # fmt: skip

PROFILES: dict[str, Profile] = {profile.name: profile for profile in _ALL}
"""Every profile, by its name."""

COUNTS_ONLY = frozenset({"braiins", "vnish_1_2_7"})
"""Those whose firmware tells how many chips were found on a board, and not which of them fail."""

DEFAULT_MIX = (
    "s9", "s17pro", "s19pro_2020", "s21_2024", "l3plus", "z11",
    "vnish_3", "vnish_1_2_7", "luxos", "braiins", "s9_hiveon", "unknown",
)  # fmt: skip
"""Twelve Antminers, one of every dialect; a larger farm repeats them."""

OTHERS = ("whatsminer_m30s", "avalon_1246")
"""Miners of other makers: the integration knows them by what extends it, not by itself."""


def profile(name: str) -> Profile:
    """The profile of that name; ValueError names those there are."""
    try:
        return PROFILES[name]
    except KeyError:
        raise ValueError(
            f"no profile {name!r}; there are: {', '.join(PROFILES)}"
        ) from None


def chosen(names: str) -> list[Profile]:
    """Profiles, once each: ``all``, ``default``, ``others`` or names between commas.

    Raises ValueError where there is none, or none of that name.
    """
    groups = {"default": DEFAULT_MIX, "others": OTHERS, "all": tuple(PROFILES)}
    given = groups.get(names) or [name.strip() for name in names.split(",")]
    found = [profile(name) for name in given if name]
    if not found:
        raise ValueError(f"no profile named in {names!r}")
    return found


def mix(names: str, count: int) -> list[Profile]:
    """``count`` profiles of those ``chosen``, repeated as needed."""
    found = chosen(names)
    return [found[index % len(found)] for index in range(count)]


def default_pools(worker: str) -> tuple[PoolSetting, ...]:
    """Two pools and an empty slot, as on most miners."""
    return (
        PoolSetting(url="stratum+tcp://pool.example.com:3333", user=worker),
        PoolSetting(url="stratum+tcp://backup.example.net:443", user=worker),
        PoolSetting(),
    )


def check_conditions(profile: Profile, changes: Mapping[str, object]) -> None:
    """Raise ValueError, naming what is wrong, unless ``profile`` can suffer ``changes``."""
    known = {item.name for item in fields(Conditions)}
    for name, value in changes.items():
        match name:
            case "missing_board":
                good = value is None or (
                    type(value) is int and 0 <= value < profile.boards
                )
                wanted = f"null or 0 to {profile.boards - 1}"
            case "dying_chips":
                good = type(value) is int and 0 <= value <= profile.chips
                wanted = f"0 to {profile.chips}"
            case "ambient":
                good = value is None or (
                    type(value) in {int, float} and -60 <= float(str(value)) <= 60
                )
                wanted = "null or -60 to 60 °C"
            case "clock":
                good = type(value) in {int, float} and abs(float(str(value))) <= 4e9
                wanted = "-4e9 to 4e9 s"
            case _ if name in known:
                good, wanted = type(value) is bool, "true or false"
            case _:
                raise ValueError(
                    f"no condition {name!r}; there are: {', '.join(sorted(known))}"
                )
        if not good:
            raise ValueError(f"{name} must be {wanted}, not {value!r}")
        if name == "sleep" and value and not profile.sleeps:
            raise ValueError(f"{profile.name} has no sleep mode")
