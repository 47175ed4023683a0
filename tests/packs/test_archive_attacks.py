"""Zips that try to do harm: every way that is known, and damage at random."""

from random import Random
import stat
import struct
from time import process_time
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, ZipInfo
import zlib

import pytest

from custom_components.antminer_monitor.packs.archive import (
    MAX_ENTRIES,
    MAX_FILE,
    MAX_TOTAL,
    MAX_UPLOAD,
    pack_zip,
    unpack,
)
from custom_components.antminer_monitor.packs.errors import PackError
from tests.packs.zips import (
    CENTRAL,
    END,
    FILES,
    LOCAL,
    PACK,
    Entry,
    both,
    entry,
    only,
    patched,
    refused,
    zipped,
)


@pytest.mark.parametrize(
    "kind",
    [
        stat.S_IFLNK,
        stat.S_IFIFO,
        stat.S_IFSOCK,
        stat.S_IFCHR,
        stat.S_IFBLK,
        stat.S_IFDIR,
    ],
)
def test_links_and_devices(kind: int) -> None:
    """Only plain files, and folders where they are named as such."""
    data = zipped(
        ("pack.yaml", PACK), (entry("README.md", kind | 0o777), b"/etc/passwd")
    )
    assert only(data) == ("README.md", "a link or device")
    folder = (entry("translations/", stat.S_IFLNK | 0o777), b"")
    assert only(zipped(("pack.yaml", PACK), folder))[1] == "a link or device"


def test_too_many_entries() -> None:
    """A large directory is not even read."""
    names = [
        (f"translations/a{chr(97 + n // 26)}{chr(97 + n % 26)}", n) for n in range(64)
    ]
    most: list[Entry] = [(f"{name}.yaml", "a: 1") for name, _ in names]
    assert (
        len(unpack(zipped(("pack.yaml", PACK), *most[: MAX_ENTRIES - 1])))
        == MAX_ENTRIES
    )
    assert only(zipped(("pack.yaml", PACK), *most)) == ("upload", "more than 64 files")
    begin = process_time()
    one = zipped(("a", b""))
    local, record = one[: one.index(CENTRAL)], one[one.index(CENTRAL) : -22]
    many = 20_000
    end = struct.pack(
        "<4s4H2LH", END, 0, 0, many, many, len(record) * many, len(local), 0
    )
    data = local + record * many + end
    assert len(data) < MAX_UPLOAD
    assert only(data) == ("upload", "more than 64 files")
    assert process_time() - begin < 5


def test_bombs() -> None:
    """Ten megabytes of zeros, and what is smaller, by what the directory says of them."""
    data = zipped(("pack.yaml", PACK), ("README.md", b"\0" * 10_000_000))
    assert len(data) < 12_000
    assert {message for _, message in refused(data)} == {
        "larger than 256 KiB when unpacked",
        "larger than 512 KiB when unpacked",
    }
    assert (
        only(zipped(("pack.yaml", "#" * MAX_FILE)))[1]
        == "made more than 200 times smaller"
    )
    assert (
        only(zipped(("pack.yaml", "#" * 16_385)))[1]
        == "made more than 200 times smaller"
    )
    # Up to 16 KiB no ratio is suspicious, and with noise in it none is reached.
    assert unpack(zipped(("pack.yaml", "#" * 16_384)))
    noise = "".join(Random(1).choices("abcdefgh", k=16_384))
    assert unpack(zipped(("pack.yaml", noise + "#" * (MAX_FILE - len(noise)))))


def test_sizes() -> None:
    """At each limit all is well; one byte more is too much."""
    full = "a" * MAX_FILE
    files: list[Entry] = [("pack.yaml", full), ("README.md", full)]
    assert sum(map(len, unpack(zipped(*files, how=ZIP_STORED)).values())) == MAX_TOTAL
    data = zipped(*files, ("LICENSE", "a"), how=ZIP_STORED)
    assert only(data) == ("upload", "larger than 512 KiB when unpacked")
    data = zipped(("pack.yaml", full + "a"), how=ZIP_STORED)
    assert only(data) == ("pack.yaml", "larger than 256 KiB when unpacked")


@pytest.mark.parametrize("how", [ZIP_BZIP2, ZIP_LZMA])
def test_other_compressions(how: int) -> None:
    """Only what every program writes."""
    data = zipped(("pack.yaml", PACK), how=how)
    assert only(data)[1] == "compressed in a way other than the usual one"


def with_second_name() -> bytes:
    """Make a zip with a Unicode path field, which names another file."""
    made = ZipInfo("README.md")
    name = b"evil.py"
    field = struct.pack("<BL", 1, zlib.crc32(b"README.md")) + name
    made.extra = struct.pack("<HH", 0x7075, len(field)) + field
    return zipped((made, "x"), ("pack.yaml", PACK))


def test_second_names() -> None:
    """A name that only some programs see is none."""
    assert only(with_second_name()) == ("README.md", "has a second name")


SMALL = zipped(("pack.yaml", PACK * 20))
PLAIN = zipped(("pack.yaml", PACK), how=ZIP_STORED)
SIZE = len((PACK * 20).encode())
PACKED = int.from_bytes(SMALL[18:22], "little")
FIRST_FIVE = both(SMALL, 22, 24, "<L", 5)
OTHER = "is other than the directory of the zip says"
UNPACKS = "unpacks to something other than the zip says"
NOWHERE = "is not where the directory of the zip says"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (both(SMALL, 6, 8, "<H", 0x1), "encrypted"),
        (both(SMALL, 6, 8, "<H", 0x41), "encrypted"),
        (patched(SMALL, CENTRAL, 8, "<H", 0x1), "encrypted"),
        (patched(SMALL, CENTRAL, 8, "<H", 0x2000), "encrypted"),
        (patched(SMALL, LOCAL, 6, "<H", 0x1), OTHER),
        # Sizes and checksums that are not so, in one place and in both.
        (FIRST_FIVE, UNPACKS),
        (both(FIRST_FIVE, 14, 16, "<L", zlib.crc32(PACK[:5].encode())), UNPACKS),
        (both(SMALL, 22, 24, "<L", SIZE - 1), UNPACKS),
        (both(SMALL, 22, 24, "<L", SIZE + 1), UNPACKS),
        (both(SMALL, 22, 24, "<L", 0), UNPACKS),
        (both(SMALL, 18, 20, "<L", PACKED - 1), UNPACKS),
        (both(SMALL, 18, 20, "<L", 0), UNPACKS),
        (both(SMALL, 18, 20, "<L", PACKED + 1), OTHER),
        (both(SMALL, 18, 20, "<L", 0x7FFFFFFF), OTHER),
        (both(SMALL, 14, 16, "<L", 1), UNPACKS),
        (both(SMALL, 8, 10, "<H", ZIP_STORED), UNPACKS),
        (both(PLAIN, 8, 10, "<H", ZIP_DEFLATED), "cannot be unpacked"),
        (both(PLAIN, 22, 24, "<L", len(PACK.encode()) - 1), UNPACKS),
        (patched(SMALL, LOCAL, 14, "<L", 1), OTHER),
        (patched(SMALL, LOCAL, 18, "<L", PACKED - 1), OTHER),
        (patched(SMALL, LOCAL, 22, "<L", 10_000_000), OTHER),
        (patched(SMALL, LOCAL, 8, "<H", ZIP_STORED), OTHER),
        (patched(SMALL, LOCAL, 26, "<H", 8), OTHER),
        (patched(SMALL, LOCAL, 28, "<H", 0xFFFF), OTHER),
        (patched(SMALL, LOCAL, 30, "<B", ord("q")), OTHER),
        (patched(SMALL, CENTRAL, 42, "<L", 1), NOWHERE),
        (patched(SMALL, CENTRAL, 42, "<L", len(SMALL) - 4), NOWHERE),
        (patched(SMALL, CENTRAL, 42, "<L", 0x7FFFFFFF), NOWHERE),
        # What is behind the last block of a compressed text.
        (
            zipped((entry("pack.yaml"), zlib.compress(b"a: 1", wbits=-15) + b"more")),
            None,
        ),
        (
            zipped(("pack.yaml", PACK), ("translations/", b"a: 1")),
            "a folder that holds a text",
        ),
    ],
)
def test_headers_that_lie(data: bytes, message: str | None) -> None:
    """What is unpacked is what all headers say, or nothing."""
    if message is None:
        stored = data
        size = int.from_bytes(stored[18:22], "little")
        data = both(stored, 8, 10, "<H", ZIP_DEFLATED)
        data = both(data, 22, 24, "<L", 4)
        data = both(data, 14, 16, "<L", zlib.crc32(b"a: 1"))
        assert size > 4
        message = UNPACKS
    assert only(data)[1] == message


def test_overlaps() -> None:
    """The same bytes are no two files, and no file is within another."""
    data = bytearray(zipped(("LICENSE", "a"), ("README.md", "b"), ("pack.yaml", PACK)))
    third = data.rindex(CENTRAL)
    struct.pack_into("<L", data, third + 42, 0)
    assert refused(bytes(data))[0][1] == "overlaps another file"
    # A zip within the text of another file is no text.
    inner = zipped(("pack.yaml", PACK), how=ZIP_STORED)
    outer = bytearray(zipped(("README.md", inner), ("pack.yaml", PACK), how=ZIP_STORED))
    struct.pack_into("<L", outer, outer.rindex(CENTRAL) + 42, 30 + len("README.md"))
    assert only(bytes(outer)) == ("README.md", "no UTF-8 text")


def test_zip64() -> None:
    """Sizes of the long form are sizes as well, and half of one is a fault."""
    name = b"pack.yaml"

    def directory(field: bytes, size: int) -> bytes:
        local = PLAIN[: PLAIN.index(CENTRAL)]
        record = bytearray(PLAIN[PLAIN.index(CENTRAL) : PLAIN.index(END)])
        struct.pack_into("<LL", record, 20, size, size)
        struct.pack_into("<H", record, 30, len(field))
        record[46 + len(name) :] = field
        end = struct.pack("<4s4H2LH", END, 0, 0, 1, 1, len(record), len(local), 0)
        return local + bytes(record) + end

    size = len(PACK.encode())
    both_sizes = struct.pack("<HHQQ", 1, 16, size, size)
    assert unpack(directory(both_sizes, 0xFFFFFFFF)) == {"pack.yaml": PACK}
    for message, field in (
        (
            "larger than 256 KiB when unpacked",
            struct.pack("<HHQQ", 1, 16, 10**13, 10**13),
        ),
        (
            "larger than 256 KiB when unpacked",
            struct.pack("<HHQQ", 1, 16, 2**64 - 1, 1),
        ),
        ("a zip that is damaged or not complete", struct.pack("<HHL", 1, 4, 1)),
        ("a zip that is damaged or not complete", struct.pack("<HHQ", 1, 900, 1)),
        ("a zip that is damaged or not complete", struct.pack("<HH", 1, 0)),
        ("larger than 256 KiB when unpacked", b""),
    ):
        assert message in {told for _, told in refused(directory(field, 0xFFFFFFFF))}
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 5, 1)
    at = PLAIN.index(END)
    assert only(PLAIN[:at] + locator + PLAIN[at:])[1].startswith(
        "a zip that is damaged"
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 1, 0, 9)
    assert only(PLAIN[:at] + locator + PLAIN[at:])[1].startswith(
        "a zip that is damaged"
    )


def test_what_is_wrong_is_told_together() -> None:
    """One upload tells of all files that do not belong there."""
    data = zipped(("pack.yaml", PACK), ("../a", ""), ("b.py", ""), ("LICENSE/", ""))
    assert [file for file, _ in refused(data)] == ["../a", "b.py", "LICENSE/"]


@pytest.mark.parametrize("how", [ZIP_STORED, ZIP_DEFLATED])
def test_cut_off_anywhere(how: int) -> None:
    """A transfer that broke off is told as such."""
    data = zipped(*FILES.items(), how=how)
    for length in range(10, len(data), 10):
        assert only(data[:length]) == (
            "upload",
            "a zip that is damaged or not complete",
        )


@pytest.mark.parametrize("seed", range(4))
def test_noise(seed: int) -> None:
    """A damaged zip is read or refused, never anything else."""
    random = Random(seed)
    how = random.choice((ZIP_STORED, ZIP_DEFLATED))
    good = zipped(*FILES.items(), how=how) if seed % 2 else pack_zip(FILES)
    # Most of what can go wrong is in the headers, not in the texts.
    marks = [good.index(mark) for mark in (LOCAL, CENTRAL, END)]
    whole = 0
    for _ in range(4000):
        data = bytearray(good)
        for _ in range(random.randint(1, 4)):
            near = random.choice(marks) + random.randrange(60)
            at = (
                min(near, len(data) - 1)
                if random.random() < 0.7
                else random.randrange(len(data))
            )
            chance = random.random()
            if chance < 0.7:
                data[at] = random.choice(
                    (0, 1, 0x7F, 0x80, 0xFF, random.randrange(256))
                )
            elif chance < 0.85:
                del data[at : at + random.randint(1, 4)]
            else:
                data[at:at] = random.randbytes(random.randint(1, 4))
        try:
            found = unpack(bytes(data))
        except PackError:
            continue
        whole += 1
        assert found.keys() <= FILES.keys()
        if data.startswith(LOCAL):
            assert found.items() <= FILES.items()
    assert 10 < whole < 3000
