"""Packs for tests, and replies of made-up miners that they read."""

from collections.abc import Mapping
from pathlib import Path

from custom_components.antminer_monitor.antminer.cgminer import Reply
from custom_components.antminer_monitor.json_value import Json
from custom_components.antminer_monitor.packs.loading import MAIN, load_pack
from custom_components.antminer_monitor.packs.model import Pack
from tests.antminer.replies import error, rows

WHATSMINER = (Path(__file__).parent / "whatsminer.yaml").read_text(encoding="utf-8")

SMALL = """\
pack: 1
id: small
version: "1"
name: Small
dialects:
  - id: one
    firmware: onefirm
    recognise: [[{reply: version, path: VERSION.One}]]
    ask: [summary, stats]
    fields:
      hashrate: {path: SUMMARY.Rate, unit: GH/s}
"""
"""The least that a pack with a dialect needs."""


def pack_of(text: str) -> Pack:
    """Load a pack of one file."""
    return load_pack({MAIN: text})


def small(**fields: str) -> Pack:
    """Load the small pack with more fields of the rig, each as flow YAML."""
    lines = [f"      {name}: {where}\n" for name, where in fields.items()]
    return pack_of(SMALL + "".join(lines))


def summary(**row: Json) -> dict[str, Reply]:
    """Make the replies that the small pack asks for, with more in the summary."""
    return {
        "version": rows("VERSION", {"One": "1.0"}),
        "summary": rows("SUMMARY", {"Rate": 1000.0} | row),
    }


def whatsminer(row: Mapping[str, Json] | None = None) -> dict[str, Reply]:
    """Make all replies of a WhatsMiner, with other things in the summary."""
    told: dict[str, Json] = {
        "Elapsed": 9000,
        "MHS av": 99000000.5,
        "MHS 5s": 101000000.25,
        "MHS 1m": 100500000.0,
        "Accepted": 804,
        "Rejected": 3,
        "Hardware Errors": 7,
        "Temperature": 80.0,
        "Fan Speed In": 4530,
        "Fan Speed Out": 4560,
        "Power": 3400,
        "Env Temp": 32.5,
        "Power Mode": "Normal",
        "Factory GHS": 100000,
        "Firmware Version": "'20230103.11.REL'",
        "Btminer Fast Boot": "disable",
        "MAC": "C4:11:04:01:02:03",
    }
    boards: list[dict[str, Json]] = [
        {
            "ASC": slot,
            "Slot": slot,
            "Temperature": 70.0 + slot,
            "Chip Frequency": 650 + slot,
            "MHS 5s": 33000000.0 + slot,
            "Factory GHS": 33333,
            "Effective Chips": 156 - slot,
            "PCB SN": f"BOARD{slot}",
            "Chip Temp Max": 90.5 + slot,
        }
        for slot in range(3)
    ]
    pool: dict[str, Json] = {
        "POOL": 1,
        "URL": "stratum+tcp://pool.example:3333",
        "Status": "Alive",
        "Priority": 0,
        "User": "worker.1",
        "Stratum Active": True,
        "Accepted": 804,
        "Rejected": 3,
        "Best Share": 4711,
    }
    return {
        "version": {
            "STATUS": "E",
            "Code": 14,
            "Msg": "invalid cmd",
            "Description": "whatsminer v1.1",
        },
        "stats": error(),
        "devdetails": rows(
            "DEVDETAILS",
            *(
                {"DEVDETAILS": slot, "Driver": "bitmicro", "Model": "M30S+_VE40"}
                for slot in range(3)
            ),
        ),
        "summary": rows("SUMMARY", {**told, **(row or {})}),
        "devs": rows("DEVS", *boards),
        "pools": rows("POOLS", pool),
        "get_psu": {
            "STATUS": "S",
            "Code": 131,
            "Msg": {"name": "P221B", "vin": "22450", "fan_speed": "6976"},
        },
    }
