"""Uploaded packs: what is taken, and what files may be called."""

from io import BytesIO
import stat
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile
import zlib

import pytest

from custom_components.antminer_monitor.packs.archive import (
    MAX_FILE,
    MAX_UPLOAD,
    pack_zip,
    unpack,
)
from custom_components.antminer_monitor.packs.errors import PackError
from tests.packs.zips import (
    END,
    FILES,
    LOCAL,
    PACK,
    TEXT,
    UNSAFE,
    Entry,
    entry,
    only,
    refused,
    zipped,
)


@pytest.mark.parametrize("how", [ZIP_STORED, ZIP_DEFLATED])
def test_a_zip(how: int) -> None:
    """All files that a pack may have, stored and compressed."""
    assert unpack(zipped(*FILES.items(), how=how)) == FILES
    assert unpack(zipped(("pack.yaml", PACK))) == {"pack.yaml": PACK}


def test_a_bare_text() -> None:
    """A YAML file is a pack without anything else."""
    assert unpack(PACK.encode()) == {"pack.yaml": PACK}
    assert unpack(b"\xef\xbb\xbf" + PACK.encode()) == {"pack.yaml": PACK}
    # Whether it is a good one is not for here to say.
    assert unpack(b"PK: 1") == {"pack.yaml": "PK: 1"}


def test_a_common_folder_is_left_out() -> None:
    """As in zips that GitHub makes of a repository, with and without entries for folders."""
    names = {f"my-pack-1.0/{name}": text for name, text in FILES.items()}
    folders: list[Entry] = [("my-pack-1.0/", b""), ("my-pack-1.0/translations/", b"")]
    assert unpack(zipped(*names.items())) == FILES
    assert unpack(zipped(*folders, *names.items())) == FILES
    assert unpack(zipped(("translations/", b""), *FILES.items())) == FILES
    assert unpack(zipped(("Päck/pack.yaml", PACK))) == {"pack.yaml": PACK}
    folder = entry("a/", stat.S_IFDIR | 0o755)
    assert unpack(zipped((folder, b""), ("a/pack.yaml", PACK))) == {"pack.yaml": PACK}
    assert only(zipped(("a/b/pack.yaml", PACK)))[0] == "a/b/pack.yaml"
    assert len(refused(zipped(("a/pack.yaml", PACK), ("b/LICENSE", "x")))) == 2


def test_zips_of_other_programs() -> None:
    """Sizes after the content or in a Zip64 field, a comment and a mode are no fault."""
    buffer = BytesIO()

    class Pipe(BytesIO):
        """What cannot be gone back in: the sizes come after the content."""

        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

        def write(self, data: bytes) -> int:  # type: ignore[override]
            return buffer.write(data)

    with ZipFile(Pipe(), "w", ZIP_DEFLATED) as archive:
        archive.writestr(entry("pack.yaml", stat.S_IFREG | 0o600, ZIP_DEFLATED), PACK)
        archive.comment = b"made by hand"
    assert buffer.getvalue()[6] & 8
    assert unpack(buffer.getvalue()) == {"pack.yaml": PACK}

    buffer = BytesIO()
    with (
        ZipFile(buffer, "w") as archive,
        archive.open("pack.yaml", "w", force_zip64=True) as file,
    ):
        file.write(PACK.encode())
    assert unpack(buffer.getvalue()) == {"pack.yaml": PACK}


def test_round_trip() -> None:
    """What is packed comes out again, and the same files make the same bytes."""
    data = pack_zip(FILES)
    assert unpack(data) == FILES
    assert pack_zip(dict(reversed(FILES.items()))) == data
    assert pack_zip(unpack(data)) == data
    # Known bytes: no version of a library or system shows.
    assert zlib.crc32(pack_zip({"pack.yaml": "pack: 1\n"})) == 3032158388
    # What could be made very small can be uploaded again all the same.
    long = {"pack.yaml": PACK, "README.md": "a" * MAX_FILE}
    assert unpack(pack_zip(long)) == long


@pytest.mark.parametrize(
    ("files", "file", "message"),
    [
        ({}, "upload", "holds no pack.yaml"),
        ({"README.md": "x"}, "upload", "holds no pack.yaml"),
        ({"pack.yaml": "", "../x": ""}, "../x", TEXT),
        ({"pack.yaml": "", "a\0b": ""}, "a\ufffdb", TEXT),
        ({"pack.yaml": "", "pack.yaml\0": ""}, "pack.yaml\ufffd", TEXT),
        ({"pack.yaml": "\ud800"}, "pack.yaml", "no UTF-8 text"),
        ({"pack.yaml": "a\0"}, "pack.yaml", "no UTF-8 text"),
        ({"pack.yaml": "a" * (MAX_FILE + 1)}, "pack.yaml", "larger than 256 KiB"),
        (
            {"pack.yaml": "a" * MAX_FILE, "LICENSE": "a" * MAX_FILE, "README.md": "a"},
            "upload",
            "larger than 512 KiB",
        ),
    ],
)
def test_what_cannot_be_packed(files: dict[str, str], file: str, message: str) -> None:
    """Nothing is written that could not be read again."""
    with pytest.raises(PackError) as found:
        pack_zip(files)
    (problem,) = found.value.problems
    assert problem.file == file
    assert problem.message.startswith(message)


@pytest.mark.parametrize(
    ("data", "file", "message"),
    [
        (b"", "upload", "is empty"),
        (b"a" * (MAX_UPLOAD + 1), "upload", "larger than 1024 KiB"),
        (b"a" * (MAX_FILE + 1), "pack.yaml", "larger than 256 KiB"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "pack.yaml", "neither a zip nor UTF-8 text"),
        (b"Rar!\x1a\x07\x01\0", "pack.yaml", "neither a zip nor UTF-8 text"),
        ("é".encode("latin1"), "pack.yaml", "neither a zip nor UTF-8 text"),
        ("a: b".encode("utf-16"), "pack.yaml", "neither a zip nor UTF-8 text"),
        (b"#!/bin/sh\n" + zipped(("pack.yaml", PACK)), "pack.yaml", "neither a zip"),
        (zipped(), "upload", "holds no pack.yaml"),
        (zipped(("README.md", "x")), "upload", "holds no pack.yaml"),
        (zipped(("pack.yaml", b"\xff")), "pack.yaml", "no UTF-8 text"),
        (zipped(("pack.yaml", b"a\0b")), "pack.yaml", "no UTF-8 text"),
        (zipped(("pack.yaml", b"\x1b[2J")), "pack.yaml", "no UTF-8 text"),
        (LOCAL, "upload", "a zip that is damaged"),
        (END, "upload", "a zip that is damaged"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_no_pack(data: bytes, file: str, message: str) -> None:
    """What is no pack at all."""
    found = only(data)
    assert found[0] == file
    assert found[1].startswith(message)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../pack.yaml", UNSAFE),
        ("translations/../../x.yaml", UNSAFE),
        ("..", UNSAFE),
        (".", UNSAFE),
        ("./README.md", UNSAFE),
        ("a/../README.md", UNSAFE),
        ("/README.md", UNSAFE),
        ("//README.md", UNSAFE),
        ("translations//de.yaml", UNSAFE),
        ("C:\\README.md", UNSAFE),
        ("C:README.md", UNSAFE),
        ("translations\\de.yaml", UNSAFE),
        ("..\\README.md", UNSAFE),
        ("\\\\server\\share", UNSAFE),
        ("README.md:stream", UNSAFE),
        ("README.md\0.exe", UNSAFE),
        ("\0", UNSAFE),
        ("READ\nME.md", UNSAFE),
        ("\x7f", UNSAFE),
        ("README\u202e.md", UNSAFE),
        ("", UNSAFE),
        ("evil.py", TEXT),
        ("__init__.py", TEXT),
        ("pack.yml", TEXT),
        ("readme.md", TEXT),
        ("inner.zip", TEXT),
        ("LICENSE.txt", TEXT),
        ("translations", TEXT),
        ("translations/de.yml", TEXT),
        ("translations/de.json", TEXT),
        ("translations/.yaml", TEXT),
        ("translations/de/x.yaml", TEXT),
        ("translations/de_DE.yaml", TEXT),
        ("translations/de.yaml\u00e9", TEXT),
        ("__MACOSX/._pack.yaml", TEXT),
        ("other/", TEXT),
        ("translations/de/", TEXT),
        ("README.md/", TEXT),
    ],
)
def test_names(name: str, message: str) -> None:
    """No name leads anywhere else, and no other file is taken."""
    found = only(zipped(("pack.yaml", PACK), (name, b"")))
    assert found[1].startswith(message)
    assert found[0].isprintable()
    if name:
        assert refused(zipped(("a/pack.yaml", PACK), (f"a/{name}", b"")))


@pytest.mark.parametrize(
    "top", ["", ".", "..", "C:", "a\\b", "..\\..", "a\n", "translations"]
)
def test_no_folder_that_leads_elsewhere_is_left_out(top: str) -> None:
    """A folder that everything is in is a plain one."""
    assert (
        len(refused(zipped((f"{top}/pack.yaml", PACK), (f"{top}/LICENSE", "x")))) == 2
    )


def test_long_names_are_cut_in_errors() -> None:
    """A name may have 64 KiB; an error has not."""
    file, _ = only(zipped(("pack.yaml", PACK), ("x" * 60_000, b"")))
    assert file == "x" * 80 + "…"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("pack.yaml", "pack.yaml"),
        ("pack.yaml", "PACK.YAML"),
        ("pack.yaml", "pack.yaml/"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_same_name_twice(first: str, second: str) -> None:
    """Not even in other letters: some systems take them for one."""
    assert only(zipped((first, PACK), (second, b""))) == (second, "is there twice")
    found = zipped(("a/pack.yaml", PACK), ("a/LICENSE", "x"), ("a/LICENSE", "y"))
    assert only(found) == ("a/LICENSE", "is there twice")
