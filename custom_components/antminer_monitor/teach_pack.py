"""What becomes of an AI's answer: a pack with the wanted parts of it, or all that is wrong."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
import json
from typing import Final

from homeassistant.util import slugify
from homeassistant.util.yaml import dump

from .antminer.cgminer import Reply
from .antminer.firmware import Dialect
from .extension import Extension
from .json_value import Json
from .pack_extension import load_extension
from .packs.document import parse_yaml
from .packs.errors import PackError, Problem
from .packs.loading import MAIN
from .packs.model import Pack
from .packs.reading import try_pack
from .packs.where import Doubt, Figure
from .rig import Rig
from .teach_redact import Redactor, disguise

TAUGHT_KEYS: Final = ("dialects", "sensors", "binary_sensors")
"""Parts of a pack that are taken from an answer. Nothing that a miner says tells of other
models, and what else a pack can say is not for a stranger to write."""
FIRST_VERSION: Final = "1.0.0"
DESCRIPTION: Final = (
    "Written by an AI from the replies of one miner, and tried on that miner."
)
_LONGEST_STEM = 24
_SECRET_FIELDS = frozenset({"mac", "name", "serial"})


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that was checked, and tried on the replies."""

    text: str
    """The answer, as lines of problems are counted in it."""
    problems: tuple[str, ...]
    """What is wrong; nothing in it that only the owner of the miner may see."""
    data: Mapping[str, Json] | None = None
    """What is taken of it; ``None`` where it is no pack."""
    pack: Pack | None = None
    dialects: tuple[Dialect, ...] = ()
    figures: tuple[Figure, ...] = ()


def as_files(data: Mapping[str, Json]) -> dict[str, str]:
    """Write a pack; what reads it finds the same data in it."""
    text = dump(dict(data))
    try:
        if parse_yaml(text, MAIN).data == data:
            return {MAIN: text}
    except PackError:
        pass
    # Some words mean a number to one reader of YAML and a text to another. In JSON none does.
    return {MAIN: json.dumps(data, indent=1, ensure_ascii=False)}


def _as_yaml(text: str) -> str:
    """Give an answer in JSON in the form that is read as YAML, without tabs."""
    if text.startswith("{"):
        try:
            return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
        except ValueError, RecursionError:
            pass
    return text


def _taken(text: str) -> tuple[dict[str, Json], Pack, Extension]:
    """Take what is wanted of a pack. Raises PackError with all that is wrong with it."""
    given, _ = load_extension({MAIN: text})
    answered = parse_yaml(text, MAIN).data
    assert isinstance(answered, dict)
    if not given.dialects:
        raise PackError([Problem("must have one dialect at least", key="dialects")])
    data: dict[str, Json] = {
        "pack": 1,
        "id": given.id,
        "version": FIRST_VERSION,
        "name": given.name,
        "description": DESCRIPTION,
        **{key: answered[key] for key in TAUGHT_KEYS if answered.get(key)},
    }
    return data, *load_extension(as_files(data))


def draft_of(
    answer: str, replies: Mapping[str, Reply], host: str, redactor: Redactor
) -> Draft:
    """Check an answer, and try it on the replies. It takes a while, and raises nothing."""
    text = _as_yaml(answer)
    try:
        data, pack, extension = _taken(text)
    except PackError as err:
        # These tell of the answer alone, and who wrote that has seen no secret.
        return Draft(text, tuple(map(_said, err.problems)))
    trial = try_pack(pack, replies, host)
    problems: list[str] = []
    if trial.dialect is None:
        problems.append("`recognise`: it does not recognise the miner by these replies")
    elif trial.rig is None:
        error = redactor.text(f"{trial.error}")
        problems.append(f"reading the replies failed: {error}")
    elif not is_useful(trial.rig, trial.figures):
        problems.append(
            "it reads neither a hashrate nor a model with a figure from these replies"
        )
    problems += [
        f"{item.field}: “{_shown(item, redactor)}” {item.reason}"
        for item in trial.doubts
    ]
    problems += [
        f"`ask`: the miner does not answer {name}"
        for dialect in pack.dialects
        for name in dialect.ask
        if name not in replies
    ]
    return Draft(text, tuple(problems), data, pack, extension.dialects, trial.figures)


def _said(problem: Problem) -> str:
    where = None if problem.line is None else f"line {problem.line}"
    return ": ".join(filter(None, (where, problem.key, problem.message)))


def _shown(doubt: Doubt, redactor: Redactor) -> str:
    is_secret = doubt.field.rpartition(".")[2] in _SECRET_FIELDS
    return disguise(doubt.value) if is_secret else redactor.text(doubt.value)


def is_useful(rig: Rig, figures: Collection[Figure]) -> bool:
    """Tell whether an owner would want to see this: a hashrate, or a model and a figure."""
    return rig.hashrate is not None or (
        rig.model is not None
        and any(
            isinstance(item.value, int | float) and not item.field.endswith("index")
            for item in figures
        )
    )


def named(
    data: Mapping[str, Json], name: str, taken: Collection[str]
) -> dict[str, str]:
    """Give the files of a pack under a name, with an id that none of ``taken`` has.

    Raises PackError where no pack can be called that.
    """
    stem = slugify(name)[:_LONGEST_STEM].strip("_")
    if not stem[:1].isalpha() or len(stem) < 2:
        stem = f"pack_{stem}".strip("_")
    pack_id, number = stem, 1
    while pack_id in taken:
        number += 1
        pack_id = f"{stem}_{number}"
    files = as_files({**data, "id": pack_id, "name": name})
    load_extension(files)
    return files
