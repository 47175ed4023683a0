"""Who a simulated miner says it is: the same seed and index, the same names."""

from .chance import draw

_SERIAL_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def serial_number(seed: int, index: int, part: int) -> str:
    """Of a part of the miner: a board by its index, the whole by 99."""
    letters = "".join(
        _SERIAL_LETTERS[int(draw(seed, index, 9, part, place) * len(_SERIAL_LETTERS))]
        for place in range(11)
    )
    return f"SM{letters}{int(draw(seed, index, 9, part, 99) * 1000):03}"


def mac_address(seed: int, index: int) -> str:
    """Locally administered, as the firmware makes it from the CPU's id."""
    parts = [int(draw(seed, index, 10, place) * 256) for place in range(5)]
    return ":".join(["02", *(f"{part:02X}" for part in parts)])


def miner_id(seed: int, index: int) -> str:
    """Sixteen hexadecimal digits."""
    return f"80{int(draw(seed, index, 11) * 0xFFFFFFFF):08x}2b1048"
