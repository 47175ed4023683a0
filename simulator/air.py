"""The air around a miner: what its sensors and its fans tell. Heat is 0 at rest, 1 at the full rate."""

from .chance import draw, noise
from .profiles import Profile


class Air:
    """Sensors and fans of one miner."""

    __slots__ = ("_key", "_profile")

    def __init__(self, profile: Profile, *key: int) -> None:
        """``key`` is that of its chance."""
        self._profile = profile
        self._key = key

    def temperatures(
        self, board: int, heat: float, now: float, ambient: float
    ) -> tuple[int, int, int, int]:
        """°C of a board: two sensors at the inlet, two at the outlet."""
        tick = int(now // 20)
        near, far = 16.0, 41.0
        return (
            round(ambient + near * heat + 2 * noise(*self._key, 4, board, 0, tick)),
            round(ambient + (near + 1) * heat + 2 * draw(*self._key, 4, board)),
            round(ambient + far * heat + 2 * draw(*self._key, 5, board)),
            round(ambient + (far + 1) * heat + noise(*self._key, 4, board, 1, tick)),
        )

    @staticmethod
    def automatic_duty(heat: float, ambient: float) -> int:
        """Per cent, when nobody set it."""
        return max(20, min(100, round(35 + 40 * heat + 0.8 * (ambient - 25))))

    def fans(self, duty: int, now: float) -> tuple[int, ...]:
        """RPM at a duty in per cent."""
        profile = self._profile
        speeds = []
        for fan in range(profile.fans):
            speed = (
                profile.fan_max * duty / 100 * (0.97 + 0.04 * draw(*self._key, 6, fan))
            )
            speed += profile.fan_step * noise(*self._key, 7, fan, int(now // 10))
            speeds.append(max(0, round(speed / profile.fan_step)) * profile.fan_step)
        return tuple(speeds)
