"""The list of a farm's workers as bytes: made once for each report, in small pieces.

A farm of 2,000 rigs is more than ten megabytes. Each worker is written anew only when it
reported or changed, and the event loop gets its turn in between.
"""

import asyncio
from dataclasses import dataclass, field
from hashlib import blake2b
import zlib

import orjson

from .data import Data
from .farm import SimulatedFarm
from .listing import forgotten, worker_item
from .worker import SimulatedWorker

_AT_ONCE = 20
"""Workers that are written before others get their turn."""
SAMPLE = 20
"""Workers that are kept to be checked; a large farm is not worth the seconds."""
_COMPRESS_IN_THREAD = 64 * 1024


@dataclass(slots=True)
class _Written:
    key: tuple[object, ...]
    body: bytes


@dataclass(slots=True)
class Listing:
    """The whole list."""

    etag: str
    body: bytes
    zipped: bytes | None = None


@dataclass(slots=True)
class WorkerBodies:
    """Writes the lists of one service."""

    newer: bool = False
    written: dict[int, _Written] = field(default_factory=dict)
    listings: dict[int, Listing] = field(default_factory=dict)
    unchecked: dict[int, Data] = field(default_factory=dict)
    """Workers that were written in a new shape, until somebody takes them from here."""
    _shapes: dict[int, tuple[object, ...]] = field(default_factory=dict)

    def etag(self, farm: SimulatedFarm) -> str:
        """Another one whenever the list would be."""
        digest = blake2b(digest_size=12)
        digest.update(f"{farm.id} {farm.revision} {self.newer}".encode())
        for worker in farm.workers:
            digest.update(repr(_key(worker)).encode())
        return f'W/"{digest.hexdigest()}"'

    async def listing(self, farm: SimulatedFarm) -> Listing:
        """The list of all its workers, as it is now."""
        farm.settle()
        etag = self.etag(farm)
        kept = self.listings.get(farm.id)
        if kept is not None and kept.etag == etag:
            return kept
        workers = list(farm.workers)
        pieces: list[bytes] = []
        for start in range(0, len(workers), _AT_ONCE):
            if start:
                await asyncio.sleep(0)
            pieces += [
                self._piece(worker) for worker in workers[start : start + _AT_ONCE]
            ]
        made = Listing(etag=etag, body=_enveloped(pieces, farm))
        self.listings[farm.id] = made
        return made

    def whole(self, farm: SimulatedFarm) -> bytes:
        """The list as it is now, at one go."""
        farm.settle()
        return _enveloped([self._piece(worker) for worker in farm.workers], farm)

    def without(self, farm: SimulatedFarm, *, stats: bool, first: bool) -> bytes:
        """The list with something missing: every worker's stats, or the first worker."""
        farm.settle()
        items = [
            worker_item(worker, newer=self.newer)
            for worker in farm.workers[1 if first else 0 :]
        ]
        if stats:
            for item in items:
                item.pop("stats", None)
        return _enveloped([orjson.dumps(item) for item in items], farm)

    def _piece(self, worker: SimulatedWorker) -> bytes:
        key = _key(worker)
        kept = self.written.get(worker.id)
        if kept is not None and kept.key == key:
            return kept.body
        item = worker_item(worker, newer=self.newer)
        # Figures move all the time, and none of them makes another shape.
        shape = (worker.revision, tuple(item))
        if self._shapes.get(worker.id) != shape and len(self.unchecked) < SAMPLE:
            self._shapes[worker.id] = shape
            self.unchecked[worker.id] = item
        body = orjson.dumps(item)
        self.written[worker.id] = _Written(key, body)
        return body


async def zipped(listing: Listing) -> bytes:
    """Its body in gzip; a large one is packed beside the event loop."""
    if listing.zipped is None:
        if len(listing.body) > _COMPRESS_IN_THREAD:
            listing.zipped = await asyncio.to_thread(pack, listing.body)
        else:
            listing.zipped = pack(listing.body)
    return listing.zipped


def pack(body: bytes) -> bytes:
    """A body in gzip."""
    packer = zlib.compressobj(1, wbits=31)
    return packer.compress(body) + packer.flush()


def _key(worker: SimulatedWorker) -> tuple[object, ...]:
    at, _ = worker.reading()
    return worker.id, worker.revision, at, worker.online, forgotten(worker)


def _enveloped(pieces: list[bytes], farm: SimulatedFarm) -> bytes:
    tags = orjson.dumps(farm.tag_items())
    return b'{"data":[' + b",".join(pieces) + b'],"tags":' + tags + b"}"
