"""What can go wrong with a reply, byte by byte."""

from enum import StrEnum
import re


class Fault(StrEnum):
    """A fault of a miner's port 4028, from when it is set until it is cleared."""

    REFUSE = "refuse"
    """The port is closed."""
    HANG_CONNECT = "hang_connect"
    """Connections are accepted, and nothing is ever answered."""
    HANG_REPLY = "hang_reply"
    """The first half of the reply, then silence."""
    TRUNCATE = "truncate"
    """The first half of the reply, then the end of the stream."""
    SLOW = "slow"
    """The reply dribbles at so many bytes per second."""
    EMPTY = "empty"
    """The connection ends without a byte."""
    WRONG_NUL = "wrong_nul"
    """A NUL in the middle of the reply, and none at its end."""
    INVALID_UTF8 = "invalid_utf8"
    """Bytes that are no UTF-8 in messages and worker names; the figures are whole."""
    BARE_NAN = "bare_nan"
    """``nan``, ``-nan`` and ``inf`` where averages and percentages stand."""
    GARBAGE = "garbage"
    """More than a megabyte of bytes that mean nothing."""
    REBOOT = "reboot"
    """Everything is refused; afterwards the daemon starts anew, cold. 60 s unless said."""


class WriteFault(StrEnum):
    """A fault of what a miner is told, from when it is set until it is cleared; reads go on."""

    IGNORE_WRITE = "ignore_write"
    """Answered as if it were done, and nothing is."""
    LOSE_ANSWER = "lose_answer"
    """Done, and the connection is dropped before the answer."""
    BUSY_SESSION = "busy_session"
    """LuxOS: somebody else holds the session."""
    POWER_CUT = "power_cut"
    """Done and answered, then everything is refused until the power is back; once."""
    WIPE = "wipe"
    """Stock: a written configuration is overwritten with empty strings; once."""


REBOOT_SECONDS = 60.0
GARBAGE_SIZE = 2 * 1024 * 1024
_BAD_UTF8 = b"\xff\xc3\x28\xe2\x28"
_TEXTS = re.compile(rb'("(?:Msg|User|user)": ?")')
_NUMBERS = re.compile(
    rb'("(GHS av|MHS av|rate_avg|GHS 30m|rate_30m|total_freqavg|Utility|Pool Rejected%|Difficulty Stale|diffs)": ?)'
    rb"-?\d[\d.eE+-]*"
)
_NOT_NUMBERS = {
    b"total_freqavg": b"-nan",
    b"Pool Rejected%": b"-nan",
    b"Utility": b"inf",
}


def garbage() -> bytes:
    """Bytes without sense, without NUL and without an end of line; always the same."""
    return bytes(range(0x80, 0x100)) * (GARBAGE_SIZE // 128)


def mangle(reply: bytes, fault: Fault | None) -> bytes:
    """The bytes that ``fault`` makes of a reply; other faults are a matter of sending."""
    match fault:
        case Fault.TRUNCATE | Fault.HANG_REPLY:
            return reply[: len(reply) // 2]
        case Fault.EMPTY:
            return b""
        case Fault.WRONG_NUL:
            text = reply.rstrip(b"\0")
            half = len(text) // 2
            return text[:half] + b"\0" + text[half:]
        case Fault.INVALID_UTF8:
            return _TEXTS.sub(rb"\1" + _BAD_UTF8, reply)
        case Fault.BARE_NAN:
            return _NUMBERS.sub(
                lambda found: found[1] + _NOT_NUMBERS.get(found[2], b"nan"), reply
            )
        case Fault.GARBAGE:
            return garbage()
        case _:
            return reply


def fault_named(name: str) -> Fault | WriteFault:
    """The fault of that name; ValueError names those there are."""
    known: dict[str, Fault | WriteFault] = {fault: fault for fault in Fault}
    known |= {fault: fault for fault in WriteFault}
    try:
        return known[name]
    except KeyError:
        raise ValueError(f"no fault {name!r}; there are: {', '.join(known)}") from None
