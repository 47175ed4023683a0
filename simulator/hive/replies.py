"""What goes back over the wire, before it is bytes."""

from dataclasses import dataclass, field

import orjson

from .data import Data

FORBIDDEN_PAGE = (
    "<html>\n<head><title>403 Forbidden</title></head>\n<body>\n<center><h1>403 Forbidden"
    "</h1></center>\n<hr><center>nginx/1.10.3</center>\n</body>\n</html>\n"
)
CLOUDFLARE_PAGE = (
    "<!DOCTYPE html>\n<html>\n<head><title>Web server is returning an unknown error</title>"
    "</head>\n<body><h1>Error 520</h1><p>Web server is returning an unknown error</p>"
    "<p>Cloudflare Ray ID: 8f1c2d3e4f5a6b7c</p></body>\n</html>\n"
)
SOME_PAGE = "<!DOCTYPE html>\n<html><body>Down for maintenance</body></html>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """The request ends with this reply."""

    def __init__(self, reply: Reply) -> None:
        """Keep it."""
        super().__init__(reply.status)
        self.reply = reply


def json_reply(data: object, status: int = 200, **headers: str) -> Reply:
    """A reply in JSON; underscores in the names of headers become hyphens."""
    return Reply(
        status=status,
        body=orjson.dumps(data),
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def page(text: str, status: int = 200) -> Reply:
    """A page for people."""
    return Reply(status=status, body=text.encode(), content_type="text/html")


def problem(status: int, message: str, code: int | None = None) -> Reply:
    """An error in JSON."""
    return json_reply({"message": message, "code": code}, status)


def unauthorized() -> Reply:
    """401, as it was seen."""
    body: Data = {"message": "Unauthorized", "code": None, "redirect": "/login"}
    return json_reply(body, 401)


def invalid(errors: dict[str, list[str]]) -> Reply:
    """422."""
    body: Data = {"message": "The given data was invalid.", "errors": errors}
    return json_reply(body, 422)


def twisted(value: object) -> object:
    """The same with every type another."""
    if isinstance(value, dict):
        return [twisted(item) for item in value.values()]
    if isinstance(value, list):
        return {str(index): twisted(item) for index, item in enumerate(value)}
    if isinstance(value, str):
        return len(value)
    return "many"


def twisted_reply(reply: Reply) -> Reply:
    """A reply whose envelope is whole and whose content is not."""
    if not reply.body:
        return reply
    data = orjson.loads(reply.body)
    if isinstance(data, dict):
        return json_reply(
            {key: twisted(value) for key, value in data.items()}, reply.status
        )
    return json_reply(twisted(data), reply.status)
