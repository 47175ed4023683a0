"""HTTP digest authentication as lighttpd on a miner does it: MD5, ``qop=auth``, RFC 2617."""

import hashlib
import hmac
import re
import secrets
import time

from .http_server import HttpRequest

REALM = "antMiner Configuration"
_NONCE_LIFE = 600
_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


def _md5(text: str) -> str:
    # What the miners' firmware uses; nothing here is secret.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Digest:
    """Checks requests against one user."""

    def __init__(self, user: str, password: str) -> None:
        """Take the user's name and password."""
        self._user = user
        self._user_hash = _md5(f"{user}:{REALM}:{password}")
        self._key = secrets.token_bytes(16)

    def challenge(self) -> str:
        """The value of ``WWW-Authenticate``."""
        return f'Digest realm="{REALM}", nonce="{self._nonce(int(time.time()))}", qop="auth"'

    def _nonce(self, issued: int) -> str:
        mark = hmac.new(self._key, str(issued).encode(), "sha256").hexdigest()[:24]
        return f"{issued:x}:{mark}"

    def _known(self, nonce: str) -> bool:
        issued, _, _ = nonce.partition(":")
        try:
            when = int(issued, 16)
        except ValueError:
            return False
        fresh = 0 <= time.time() - when <= _NONCE_LIFE
        return fresh and hmac.compare_digest(self._nonce(when), nonce)

    def allows(self, request: HttpRequest) -> bool:
        """Whether the request carries the right answer to a challenge of ours."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "digest":
            return False
        given = {name: quoted or bare for name, quoted, bare in _FIELD.findall(rest)}
        if given.get("username") != self._user or given.get("realm") != REALM:
            return False
        nonce, uri = given.get("nonce", ""), given.get("uri", "")
        if uri != request.target or not self._known(nonce):
            return False
        target = _md5(f"{request.method}:{uri}")
        middle = [nonce]
        if given.get("qop") == "auth":
            middle += [given.get("nc", ""), given.get("cnonce", ""), "auth"]
        expected = _md5(":".join([self._user_hash, *middle, target]))
        return hmac.compare_digest(expected, given.get("response", ""))
