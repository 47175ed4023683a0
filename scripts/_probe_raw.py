"""What a miner says, word by word, and how an extension pack reads it: for those who make one."""

import argparse
import json
from pathlib import Path
import sys

from custom_components.antminer_monitor.antminer.book import ANTMINER_DIALECTS, Book
from custom_components.antminer_monitor.antminer.cgminer import CgminerClient, Reply
from custom_components.antminer_monitor.antminer.hardware import Models
from custom_components.antminer_monitor.packs.archive import unpack
from custom_components.antminer_monitor.packs.errors import PackError
from custom_components.antminer_monitor.packs.limits import COMMANDS
from custom_components.antminer_monitor.packs.loading import load_pack
from custom_components.antminer_monitor.packs.reading import dialects_of, hardware_of
from custom_components.antminer_monitor.source import (
    SourceError,
    SourceUnreachableError,
)


def book_of(path: Path) -> Book:
    """Give the dialects and models of a pack, and ours behind them. Raises PackError and OSError."""
    pack = load_pack(unpack(path.read_bytes()))
    book = Book((*dialects_of(pack), *ANTMINER_DIALECTS))
    book.models = Models(hardware_of(pack))
    return book


def told(error: PackError | OSError) -> str:
    """Give what is wrong with a pack, a line for each."""
    if isinstance(error, PackError):
        return "\n".join(map(str, error.problems))
    return str(error)


async def raw(arguments: argparse.Namespace) -> int:
    """Print the replies to all commands that packs may ask; return the exit code."""
    client = CgminerClient(
        arguments.host,
        arguments.port,
        connect_timeout=min(3.0, arguments.timeout),
        timeout=arguments.timeout,
    )
    replies: dict[str, Reply] = {}
    for name in COMMANDS:
        try:
            replies[name] = await client.command(name)
        except SourceError as err:
            print(f"scripts/probe: {err}", file=sys.stderr)
            if isinstance(err, SourceUnreachableError) and not replies:
                return 1
    print(json.dumps(replies, indent=1, ensure_ascii=False))
    return 0
