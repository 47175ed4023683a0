"""What every dialect does with a request: parse, join, look up, wrap, encode."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from simulator.model import MinerModel
from simulator.snapshot import Snapshot
from simulator.wire import (
    Record,
    Request,
    RequestError,
    Style,
    Value,
    as_text,
    encode,
    parse_request,
)

type Handler = Callable[[Snapshot], Record]


class Dialect:
    """One firmware's manner of speaking on port 4028."""

    style: Style
    request_limit = 8191
    """Bytes that its one ``recv`` takes (bmminer: TMPBUFSIZ / 2 - 1)."""
    nul = True
    """Ends a reply with a NUL byte."""
    joins = True
    """Answers ``a+b+c``."""
    text_replies = False
    """Answers a request that is not JSON in cgminer's text form."""
    commands: ClassVar[Mapping[str, Handler]]
    """What it answers."""
    writes: frozenset[str] = frozenset()
    """Commands that are not for reading."""

    def request(self, raw: bytes) -> Request:
        """Read what one ``recv`` returned; RequestError where this firmware cannot."""
        return parse_request(raw)

    def status(
        self, state: Snapshot, code: int, message: str, *, kind: str = "S"
    ) -> Value:
        """The STATUS block in this dialect's order of keys."""
        block: Record = {
            "STATUS": kind,
            "When": state.now,
            "Code": code,
            "Msg": message,
            "Description": state.profile.description,
        }
        return [block]

    def success(
        self, state: Snapshot, code: int, message: str, name: str, records: list[Value]
    ) -> Record:
        """A reply with one section."""
        return {"STATUS": self.status(state, code, message), name: records, "id": 1}

    def error(self, state: Snapshot, code: int, message: str) -> Record:
        """A reply that is an error."""
        return {"STATUS": self.status(state, code, message, kind="E"), "id": 1}

    def unknown(self, state: Snapshot, command: str) -> Record:
        """The reply to a command that it does not answer."""
        del command
        return self.error(state, 14, "Invalid command")

    def reply(self, miner: MinerModel, command: str) -> Record:
        """The reply to one command."""
        state = miner.snapshot()
        handler = self.commands.get(command)
        return handler(state) if handler else self.unknown(state, command)

    def handle(self, miner: MinerModel, request: Request) -> Record:
        """The reply to a whole request, joined or not."""
        if self.joins and "+" in request.command:
            joined: Record = {}
            for command in request.command.split("+"):
                if command not in joined:
                    joined[command] = [self.reply(miner, command)]
            return {**joined, "id": 1}
        if request.command in self.writes:
            return self.tell(miner, request.command, request.parameter)
        return self.reply(miner, request.command)

    def tell(self, miner: MinerModel, command: str, parameter: str) -> Record:
        """The reply to one of ``writes``; what it orders is put into ``miner.orders``."""
        del parameter
        return self.unknown(miner.snapshot(), command)

    def write(self, reply: Record, miner: MinerModel) -> str:
        """The text of a reply."""
        del miner
        return encode(reply, self.style)

    def answer(self, miner: MinerModel, raw: bytes) -> bytes:
        """The bytes that answer what one ``recv`` returned."""
        try:
            request = self.request(raw[: self.request_limit])
        except RequestError as err:
            text = self.write(
                self.error(miner.snapshot(), err.code, err.message), miner
            )
        else:
            reply = self.handle(miner, request)
            if request.text and self.text_replies and "+" not in request.command:
                text = as_text(reply, self.style)
            else:
                text = self.write(reply, miner)
        return text.encode() + (b"\0" if self.nul else b"")
