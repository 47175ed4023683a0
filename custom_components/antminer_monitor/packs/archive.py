"""A pack as it is uploaded and shared: a YAML text, or a zip with a few texts.

A zip is read in memory, with the names and sizes of its directory checked before anything
is unpacked, and everything unpacked checked against them. Layout of the headers: PKWARE's
APPNOTE, sections 4.3 and 4.4.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
import re
import stat
import struct
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo
import zlib

from .errors import PackError, Problem
from .schema import LANGUAGE

MAX_UPLOAD = 1024 * 1024
"""Bytes of an upload."""
MAX_ENTRIES = 64
"""Files and folders in a zip."""
MAX_FILE = 256 * 1024
"""Bytes of an unpacked file."""
MAX_TOTAL = 512 * 1024
"""Bytes of all unpacked files together."""
MAX_RATIO = 200
"""How many times smaller a file may be in the zip."""

PACK_FILE = "pack.yaml"
README_FILE = "README.md"
LICENSE_FILE = "LICENSE"

_FOLDER = "translations/"
_TRANSLATION = re.compile(rf"{_FOLDER}(?:{LANGUAGE.pattern})\.yaml")
_UNKNOWN = (
    f"no file of a pack: only {PACK_FILE}, {_FOLDER}<language>.yaml, {README_FILE} "
    f"and {LICENSE_FILE}"
)
_UPLOAD = "upload"
_NO_TEXT = "no UTF-8 text"
_SMALL = 16 * 1024
"""Bytes up to which no ratio is suspicious."""
_MAX_SHOWN = 80
"""Characters of a name that an error repeats."""

_HEADER = struct.Struct("<4s5H3L2H")
_HEADER_MARK = b"PK\x03\x04"
_ENTRY_MARK = b"PK\x01\x02"
_END_MARK = b"PK\x05\x06"
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_SIZES_FOLLOW = 0x8
_UTF8 = 0x800
_ELSEWHERE = 0xFFFFFFFF
"""Size in a header that has the true one in its Zip64 field."""

# What a text does not hold.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WRITTEN_MODE = (stat.S_IFREG | 0o644) << 16
_WRITTEN_ON_UNIX = 3
_WRITTEN_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can hold."""


def unpack(data: bytes) -> dict[str, str]:
    """Give the files of an uploaded pack by name; ``pack.yaml`` is always among them.

    What an upload is shows in its first bytes: a zip, or else a ``pack.yaml`` alone. A
    folder that everything in a zip is in, as in those of GitHub, is left out.

    Raises:
        PackError: too large, not complete, or not what a pack consists of.
    """
    if not data:
        raise _fault("is empty")
    if len(data) > MAX_UPLOAD:
        raise _fault(f"larger than {MAX_UPLOAD // 1024} KiB")
    if data.startswith((_HEADER_MARK, _END_MARK)):
        return _unzip(data)
    if len(data) > MAX_FILE:
        raise _fault(f"larger than {MAX_FILE // 1024} KiB", PACK_FILE)
    return {PACK_FILE: _text(data, PACK_FILE, "neither a zip nor UTF-8 text")}


def pack_zip(files: Mapping[str, str]) -> bytes:
    """Make a zip of a pack's files. The same files make the same bytes, wherever.

    Nothing is compressed: how small a text becomes differs from one zlib to the next, and
    one that becomes very small could not be uploaded again.

    Raises:
        PackError: files that ``unpack`` would refuse.
    """
    if problems := [
        Problem(_UNKNOWN, _shown(name)) for name in sorted(files) if not _is_known(name)
    ]:
        raise PackError(problems)
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for name in sorted(files):
            entry = ZipInfo(name, _WRITTEN_DATE)
            # Left to itself it says on which system it was made.
            entry.create_system = _WRITTEN_ON_UNIX
            entry.external_attr = _WRITTEN_MODE
            try:
                content = files[name].encode()
            except UnicodeEncodeError:
                raise _fault(_NO_TEXT, name) from None
            archive.writestr(entry, content)
    data = buffer.getvalue()
    unpack(data)
    return data


def _fault(message: str, file: str = _UPLOAD) -> PackError:
    return PackError([Problem(message, file)])


def _shown(name: str) -> str:
    """Give a name as an error can show it: anything may stand in one, or nothing."""
    if not name:
        return "a file without a name"
    shown = "".join(c if c.isprintable() else "\ufffd" for c in name[:_MAX_SHOWN])
    return shown if len(name) <= _MAX_SHOWN else f"{shown}…"


def _is_known(name: str) -> bool:
    return name in (PACK_FILE, README_FILE, LICENSE_FILE) or (
        _TRANSLATION.fullmatch(name) is not None
    )


def _text(data: bytes, file: str, otherwise: str = _NO_TEXT) -> str:
    try:
        text = data.decode().lstrip("\ufeff")
    except UnicodeDecodeError:
        text = "\0"
    if _CONTROL.search(text):
        raise _fault(otherwise, file)
    return text


def _unzip(data: bytes) -> dict[str, str]:
    # Before the directory is read, since a large one takes time.
    if data.count(_ENTRY_MARK) > MAX_ENTRIES:
        raise _fault(f"more than {MAX_ENTRIES} files")
    try:
        with ZipFile(BytesIO(data)) as archive:
            entries, end = archive.infolist(), archive.start_dir
    except (
        BadZipFile,
        NotImplementedError,
        OSError,
        ValueError,
        struct.error,
    ):
        raise _fault("a zip that is damaged or not complete") from None
    names = _names(entries)
    _check(entries, names)
    files: dict[str, str] = {}
    before_directory, position = data[:end], 0
    for entry, name in sorted(
        zip(entries, names, strict=True), key=lambda pair: pair[0].header_offset
    ):
        content, position = _content(before_directory, entry, position)
        if not entry.is_dir():
            files[name] = _text(content, name)
    if PACK_FILE not in files:
        raise _fault(f"holds no {PACK_FILE}")
    return {name: files[name] for name in sorted(files)}


def _names(entries: Sequence[ZipInfo]) -> list[str]:
    """Give the names without the folder that all are in."""
    names = [entry.orig_filename for entry in entries]
    tops = {"".join(name.partition("/")[:2]) for name in names}
    top = tops.pop() if len(tops) == 1 else ""
    if top == _FOLDER or not top.endswith("/"):
        return names
    return [name.removeprefix(top) for name in names]


def _check(entries: Sequence[ZipInfo], names: Sequence[str]) -> None:
    """Raise PackError with all that the directory of a zip gives away."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for entry, name in zip(entries, names, strict=True):
        same = name.removesuffix("/").casefold()
        wrong = "is there twice" if same in seen else _wrong(entry, name)
        seen.add(same)
        if wrong is not None:
            problems.append(Problem(wrong, _shown(entry.orig_filename)))
    if sum(entry.file_size for entry in entries) > MAX_TOTAL:
        problems.append(
            Problem(f"larger than {MAX_TOTAL // 1024} KiB when unpacked", _UPLOAD)
        )
    if problems:
        raise PackError(problems)


def _wrong(entry: ZipInfo, name: str) -> str | None:
    """Tell what the directory of a zip gives away about one of its entries."""
    if _is_unsafe(entry.orig_filename):
        return (
            "a name that is not safe: it may lead out of the pack, or hide what it is"
        )
    if entry.filename != entry.orig_filename:
        return "has a second name"
    is_folder = entry.is_dir()
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if is_folder else stat.S_IFREG):
        return "a link or device"
    if name not in ("", _FOLDER) if is_folder else not _is_known(name):
        return _UNKNOWN
    if entry.flag_bits & _ENCRYPTED:
        return "encrypted"
    if entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return "compressed in a way other than the usual one"
    if is_folder and entry.file_size:
        return "a folder that holds a text"
    if entry.file_size > MAX_FILE:
        return f"larger than {MAX_FILE // 1024} KiB when unpacked"
    if entry.file_size > max(_SMALL, MAX_RATIO * entry.compress_size):
        return f"made more than {MAX_RATIO} times smaller"
    return None


def _is_unsafe(name: str) -> bool:
    """Tell whether a name could lead out of a folder, on any system."""
    parts = name.removesuffix("/").split("/")
    return (
        not name.isprintable()
        or not {"\\", ":"}.isdisjoint(name)
        or not {"", ".", ".."}.isdisjoint(parts)
    )


def _content(data: bytes, entry: ZipInfo, position: int) -> tuple[bytes, int]:
    """Unpack an entry that must not begin before a position.

    Returns:
        What it holds, and where it ends.

    Raises:
        PackError: it is not what the directory says.
    """
    file = _shown(entry.orig_filename)
    begin = entry.header_offset
    if begin < position:
        raise _fault("overlaps another file", file)
    header = data[begin : begin + _HEADER.size]
    if len(header) < _HEADER.size or not header.startswith(_HEADER_MARK):
        raise _fault("is not where the directory of the zip says", file)
    (_, _, flags, method, _, _, checksum, packed, size, name_length, more) = (
        _HEADER.unpack(header)
    )
    begin += _HEADER.size
    start = begin + name_length + more
    end = start + entry.compress_size
    # Other programs go by this header: it must not tell them another tale.
    encoding = "utf-8" if entry.flag_bits & _UTF8 else "cp437"
    agrees = (
        data[begin : begin + name_length] == entry.orig_filename.encode(encoding)
        and not flags & _ENCRYPTED
        and method == entry.compress_type
    )
    if not flags & _SIZES_FOLLOW:
        agrees = (
            agrees
            and checksum == entry.CRC
            and packed in (entry.compress_size, _ELSEWHERE)
            and size in (entry.file_size, _ELSEWHERE)
        )
    if not agrees or end > len(data):
        raise _fault("is other than the directory of the zip says", file)
    return _inflated(data[start:end], entry, file), end


def _inflated(packed: bytes, entry: ZipInfo, file: str) -> bytes:
    content, is_whole = packed, True
    if entry.compress_type == ZIP_DEFLATED:
        inflating = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            # One byte more, so that one that is too long shows.
            content = inflating.decompress(packed, entry.file_size + 1)
        except zlib.error:
            raise _fault("cannot be unpacked", file) from None
        is_whole = inflating.eof and not inflating.unused_data
    if (
        not is_whole
        or len(content) != entry.file_size
        or zlib.crc32(content) != entry.CRC
    ):
        raise _fault("unpacks to something other than the zip says", file)
    return content
