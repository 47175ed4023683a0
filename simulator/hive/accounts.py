"""Who may ask: tokens, the users behind them, and what they may do."""

from dataclasses import dataclass

from .farm import SimulatedFarm, User


@dataclass(slots=True, kw_only=True)
class Account:
    """A user with his token."""

    name: str
    """What tests call it."""
    token: str
    user: User
    role: str | None = None
    """In every farm; ``None``: that of the farm, which is the owner's unless it says so."""
    revoked: bool = False

    def role_in(self, farm: SimulatedFarm) -> str | None:
        """``None`` for the owner."""
        return self.role or farm.role

    def owns(self, farm: SimulatedFarm) -> bool:
        """Whether the farm is this user's own."""
        return self.role_in(farm) is None


TOKEN = "simulated-token"
"""The owner's."""


def accounts() -> dict[str, Account]:
    """By name: the owner, three with whom he shares all his farms, and one with a dead token."""
    people = (
        ("owner", TOKEN, 1001, None),
        ("full", f"{TOKEN}-full", 1002, "full"),
        ("monitor", f"{TOKEN}-monitor", 1003, "monitor"),
        ("other", f"{TOKEN}-other", 1004, "advanced"),
        ("revoked", f"{TOKEN}-revoked", 1001, None),
    )
    return {
        name: Account(
            name=name,
            token=token,
            user=User(
                id=user_id,
                login="miner" if user_id == 1001 else f"miner-{name}",
                name="Simulated Miner",
            ),
            role=role,
            revoked=name == "revoked",
        )
        for name, token, user_id, role in people
    }
