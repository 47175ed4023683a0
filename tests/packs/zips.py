"""Zips for tests: good ones, and others."""

from io import BytesIO
import struct
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest

from custom_components.antminer_monitor.packs.archive import unpack
from custom_components.antminer_monitor.packs.errors import PackError

PACK = "pack: 1\nid: möglich\n"
FILES = {
    "LICENSE": "MIT\n",
    "README.md": "# Read\r\n\tme\n",
    "pack.yaml": PACK,
    "translations/de.yaml": "name: Bergmann\n",
    "translations/pt-BR.yaml": "name: Mineiro\n",
    "translations/zh-Hans.yaml": "name: 矿工\n",
}
TEXT = "no file of a pack"
UNSAFE = "a name that is not safe"
LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"

type Entry = tuple[str | ZipInfo, str | bytes]


def zipped(*entries: Entry, how: int = ZIP_DEFLATED) -> bytes:
    """Make a zip, as the standard library does."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", how) as archive:
        for name, content in entries:
            if isinstance(name, str):
                entry = ZipInfo("x")
                # Past the checks of the standard library.
                entry.filename = name
                entry.compress_type = how
            else:
                entry = name
            archive.writestr(entry, content)
    return buffer.getvalue()


def entry(name: str, mode: int = 0, how: int = ZIP_STORED) -> ZipInfo:
    """Make an entry with a mode of Unix."""
    made = ZipInfo(name)
    made.external_attr = mode << 16
    made.compress_type = how
    return made


def patched(data: bytes, mark: bytes, offset: int, layout: str, value: int) -> bytes:
    """Change a field of the first header of a kind."""
    found = bytearray(data)
    struct.pack_into(layout, found, found.index(mark) + offset, value)
    return bytes(found)


def both(data: bytes, local: int, central: int, layout: str, value: int) -> bytes:
    """Change a field in the first header of a file and in the directory."""
    data = patched(data, LOCAL, local, layout, value)
    return patched(data, CENTRAL, central, layout, value)


def refused(data: bytes) -> list[tuple[str, str]]:
    """Give what is wrong: file and message of each problem."""
    with pytest.raises(PackError) as found:
        unpack(data)
    return [(problem.file, problem.message) for problem in found.value.problems]


def only(data: bytes) -> tuple[str, str]:
    """Give the one thing that is wrong."""
    (problem,) = refused(data)
    return problem
