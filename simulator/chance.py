"""Chance that is the same every time: numbers that depend on their key alone."""

_MASK = (1 << 64) - 1


def draw(*key: int) -> float:
    """A number in [0, 1) that depends on nothing but ``key`` (splitmix64)."""
    state = 0x9E3779B97F4A7C15
    for part in key:
        state = (state ^ (part & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        state ^= state >> 27
        state = state * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return (state >> 11) / (1 << 53)


def noise(*key: int) -> float:
    """In (-1, 1), small on average: the sum of two draws."""
    return draw(*key, 1) + draw(*key, 2) - 1
