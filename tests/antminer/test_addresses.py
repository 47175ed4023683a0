"""What a person types where addresses are asked for."""

from hypothesis import given, strategies as st
import pytest

from custom_components.antminer_monitor.antminer.addresses import (
    MAX_ADDRESSES,
    AddressError,
    AddressReason,
    parse_addresses,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.168.1.10", ["192.168.1.10"]),
        (" 192.168.1.10 ,\n192.168.1.9;\t192.168.1.10,", ["192.168.1.10", "192.168.1.9"]),
        ("192.168.1.10-12", ["192.168.1.10", "192.168.1.11", "192.168.1.12"]),
        ("192.168.1.10-10", ["192.168.1.10"]),
        ("192.168.1.254 - 192.168.2.1", ["192.168.1.254", "192.168.1.255", "192.168.2.0", "192.168.2.1"]),
        ("192.168.1.10 – 11", ["192.168.1.10", "192.168.1.11"]),
        ("192.168.1.0/30", ["192.168.1.1", "192.168.1.2"]),
        ("192.168.1.7/30", ["192.168.1.5", "192.168.1.6"]),
        ("192.168.1.4/255.255.255.252", ["192.168.1.5", "192.168.1.6"]),
        ("192.168.1.4/31", ["192.168.1.4", "192.168.1.5"]),
        ("192.168.1.4/32", ["192.168.1.4"]),
        ("Antminer.local S19-1 miner_2 3miners.example", ["antminer.local", "s19-1", "miner_2", "3miners.example"]),
        ("rack1-2\nRACK1-2", ["rack1-2"]),
        ("FE80::1 [2001:db8:0::2] fe80::1%eth0", ["fe80::1", "2001:db8::2", "fe80::1%eth0"]),
    ],
)  # fmt: skip
def test_what_is_understood(text: str, expected: list[str]) -> None:
    """What is understood."""
    assert list(parse_addresses(text)) == expected


@pytest.mark.parametrize(
    ("text", "part", "reason"),
    [
        ("", "", AddressReason.EMPTY),
        (" ,\n;", "", AddressReason.EMPTY),
        ("10.0.0.1 192.168.1.256", "192.168.1.256", AddressReason.INVALID),
        ("192.168.1", "192.168.1", AddressReason.INVALID),
        ("192.168.001.010", "192.168.001.010", AddressReason.INVALID),
        ("4028", "4028", AddressReason.INVALID),
        ("192.168.1.1-256", "192.168.1.1-256", AddressReason.INVALID),
        ("192.168.1.1-", "192.168.1.1-", AddressReason.INVALID),
        ("192.168.1.1-5-9", "192.168.1.1-5-9", AddressReason.INVALID),
        ("192.168.1.1-²", "192.168.1.1-²", AddressReason.INVALID),
        ("192.168.1-2.5", "192.168.1-2.5", AddressReason.INVALID),
        ("192.168.1.0/33", "192.168.1.0/33", AddressReason.INVALID),
        ("2001:db8::/120", "2001:db8::/120", AddressReason.INVALID),
        ("http://192.168.1.5/", "http://192.168.1.5/", AddressReason.INVALID),
        ("192.168.1.5:4028", "192.168.1.5:4028", AddressReason.INVALID),
        ("-miner", "-miner", AddressReason.INVALID),
        ("miner..local", "miner..local", AddressReason.INVALID),
        ("a" * 64, "a" * 64, AddressReason.INVALID),
        ("müller", "müller", AddressReason.INVALID),
        ("192.168.1.9-3", "192.168.1.9-3", AddressReason.BACKWARDS),
        ("192.168.1.9-192.168.0.200", "192.168.1.9-192.168.0.200", AddressReason.BACKWARDS),
        ("10.0.0.0/8", "10.0.0.0/8", AddressReason.TOO_MANY),
        ("0.0.0.0/0", "0.0.0.0/0", AddressReason.TOO_MANY),
        ("0.0.0.0-255.255.255.255", "0.0.0.0-255.255.255.255", AddressReason.TOO_MANY),
        ("10.0.0.0/20 miner-1 miner-2 miner-3", "miner-3", AddressReason.TOO_MANY),
        ("10.0.0.0/20 10.0.0.0/20", "10.0.0.0/20", AddressReason.TOO_MANY),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, part: str, reason: AddressReason) -> None:
    """What is refused."""
    with pytest.raises(AddressError) as caught:
        parse_addresses(text)
    assert (caught.value.part, caught.value.reason) == (part, reason)
    assert part in str(caught.value)


def test_as_many_as_there_may_be() -> None:
    """As many as there may be."""
    assert len(parse_addresses("10.0.0.0/20")) == 4094
    assert len(parse_addresses("10.0.0.0-10.0.15.255")) == MAX_ADDRESSES
    with pytest.raises(AddressError):
        parse_addresses("10.0.0.0-10.0.16.0")


@given(
    st.text(st.sampled_from("0123456789.-/:, abz%[]\n"), max_size=40)
    | st.text(max_size=40)
)
def test_nothing_else_is_raised(text: str) -> None:
    """Nothing else is raised."""
    try:
        found = parse_addresses(text)
    except AddressError:
        return
    assert 0 < len(found) == len(set(found)) <= MAX_ADDRESSES
    assert parse_addresses(" ".join(found)) == found
