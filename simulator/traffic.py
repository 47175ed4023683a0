"""How many connections there are, and were."""


class Traffic:
    """Connections to a farm or a miner."""

    __slots__ = ("connections", "most_open", "open")

    def __init__(self) -> None:
        """Start at nothing."""
        self.connections = 0
        self.open = 0
        self.most_open = 0

    def opened(self) -> None:
        """Count a connection."""
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)

    def closed(self) -> None:
        """It ended."""
        self.open -= 1
