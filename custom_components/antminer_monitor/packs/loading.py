"""From the files of a pack to a pack, or to all that is wrong with it."""

from collections.abc import Callable, Collection, Mapping
import re
from typing import Final

import probatio

from ..antminer.firmware import DIALECTS
from .document import parse_yaml
from .errors import PackError
from .limits import MAX_WORDS
from .meaning import binary_sensor_of, dialect_of, model_of, sensor_of, translation_of
from .model import (
    Pack,
    PackBinarySensor,
    PackDialect,
    PackModel,
    PackSensor,
    PackTranslation,
)
from .node import Node, Path, Problems, Sheet
from .schema import LANGUAGE, PACK_SCHEMA, TRANSLATION_SCHEMA

MAIN: Final = "pack.yaml"
BUILT_IN: Final = frozenset(
    name for dialect in DIALECTS for name in (dialect.name, dialect.family)
)
"""Names of the firmware that is known without packs."""

_OTHERS = ("LICENSE", "README.md")
_TRANSLATION = re.compile(rf"translations/({LANGUAGE.pattern})\.yaml")
_SAID: Mapping[type[probatio.Invalid], str] = {
    probatio.DictInvalid: "must be an object with keys",
    probatio.ExtraKeysInvalid: "is no key of packs",
    probatio.RequiredFieldInvalid: "is missing",
    probatio.SequenceTypeInvalid: "must be a list",
    probatio.TypeInvalid: "must be a list",
}
"""In place of probatio's own words; what the leaves say is said already."""


def load_pack(
    files: Mapping[str, str],
    *,
    reserved: Collection[str] = BUILT_IN,
    sensor_classes: Collection[str] | None = None,
    binary_sensor_classes: Collection[str] | None = None,
) -> Pack:
    """Check and compile a pack.

    Args:
        files: text by name: ``pack.yaml``, ``translations/<language>.yaml`` …
        reserved: names of firmware that a pack cannot take, in lower case. Leave it empty
            for a pack that was taken before: what is built in may have become more.
        sensor_classes: Home Assistant's device classes; any will do without.
        binary_sensor_classes: the same for binary sensors.

    Raises:
        PackError: with all that is wrong, each with line and key.
    """
    problems = Problems()
    names = sorted(files, key=lambda name: (name != MAIN, name))
    if MAIN not in files:
        problems.add("is missing", MAIN)
    main = _sheet(MAIN, files.get(MAIN), PACK_SCHEMA, problems)
    translations: dict[str, Sheet] = {}
    for name in names:
        if found := _TRANSLATION.fullmatch(name):
            sheet = _sheet(name, files[name], TRANSLATION_SCHEMA, problems)
            if sheet is not None:
                translations[found[1]] = sheet
        elif name != MAIN and name not in _OTHERS:
            problems.add("is no file of a pack", name)
    if len(translations) > MAX_WORDS:
        problems.add(f"is one of more than {MAX_WORDS} translations", names[-1])
    if main is None:
        problems.check(names)
    assert main is not None, "a file that cannot be read is a problem"
    meaning = _Meaning(main, reserved, sensor_classes, binary_sensor_classes)
    languages = meaning.translations(translations)
    problems.check(names)
    root = meaning.root
    return Pack(
        id=root.text("id"),
        version=root.text("version"),
        name=root.text("name"),
        description=root.maybe("description"),
        author=root.maybe("author"),
        homepage=root.maybe("homepage"),
        dialects=tuple(meaning.dialects.values()),
        models=meaning.models,
        sensors=tuple(meaning.sensors.values()),
        binary_sensors=tuple(meaning.binary_sensors.values()),
        translations=languages,
        files=dict(files),
    )


def _sheet(
    file: str, text: str | None, schema: probatio.Schema, problems: Problems
) -> Sheet | None:
    """Read a file and check its structure; ``None`` if it cannot be read at all."""
    if text is None:
        return None
    try:
        document = parse_yaml(text, file)
    except PackError as err:
        problems.found += err.problems
        return None
    sheet = Sheet(file, document, problems)
    try:
        schema(document.data)
    except probatio.MultipleInvalid as err:
        for error in err.errors:
            path: Path = tuple(
                step
                for step in error.path
                if isinstance(step, str | int)
                and not isinstance(step, probatio.VirtualPathComponent)
            )
            sheet.wrong(path, _said(error))
            if isinstance(error, probatio.ExtraKeysInvalid):
                sheet.unknown.add(path)
            else:
                sheet.breaks(path)
    return sheet


def _said(error: probatio.Invalid) -> str:
    return _SAID.get(type(error), error.error_message)


class _Meaning:
    """What ``pack.yaml`` means, as far as its structure is good."""

    def __init__(
        self,
        sheet: Sheet,
        reserved: Collection[str],
        sensor_classes: Collection[str] | None,
        binary_sensor_classes: Collection[str] | None,
    ) -> None:
        """Compile all parts."""
        self.root = Node(sheet.document.data, (), sheet)
        self._sheet = sheet
        self.dialects: dict[str, PackDialect] = {}
        for node in self._parts("dialects"):
            dialect = dialect_of(node, reserved)
            if dialect.id in self.dialects:
                node.member("id").wrong("is the id of another dialect")
            self.dialects[dialect.id] = dialect
        names: dict[str, str] = {}
        self.models: tuple[PackModel, ...] = tuple(
            model_of(node, names) for node in self._parts("models")
        )
        self.sensors: dict[str, PackSensor] = {}
        self.binary_sensors: dict[str, PackBinarySensor] = {}
        if not sheet.is_sound(("dialects",)):
            # What a sensor names may be in a part that cannot be read.
            return
        for node in self._parts("sensors"):
            self._add(node, sensor_of, self.sensors, sensor_classes)
        for node in self._parts("binary_sensors"):
            self._add(
                node, binary_sensor_of, self.binary_sensors, binary_sensor_classes
            )

    def _parts(self, key: str) -> list[Node]:
        """Give the items of a list whose structure is good."""
        if (
            not isinstance(self.root.data, dict)
            or (found := self.root.get(key)) is None
        ):
            return []
        return [node for node in found.items() if self._sheet.is_sound(node.path)]

    def _add[T: (PackSensor, PackBinarySensor)](
        self,
        node: Node,
        compiled: Callable[
            [Node, Mapping[str, PackDialect], Collection[str] | None], T
        ],
        known: dict[str, T],
        classes: Collection[str] | None,
    ) -> None:
        found = compiled(node, self.dialects, classes)
        if found.key in self.sensors or found.key in self.binary_sensors:
            node.member("key").wrong("is the key of another sensor")
        known[found.key] = found

    def translations(self, sheets: Mapping[str, Sheet]) -> dict[str, PackTranslation]:
        """Compile the translations: those in ``pack.yaml``, and those in other files."""
        nodes = {
            language: Node(sheet.document.data, (), sheet)
            for language, sheet in sheets.items()
        }
        inner = self.root.get("translations") if self._has_translations else None
        for language, node in inner.members() if inner else ():
            if language in nodes:
                node.wrong(f"is in {sheets[language].file} too")
            nodes.setdefault(language, node)
        keys = ("dialects", "sensors", "binary_sensors")
        if not all(self._sheet.is_sound((key,)) for key in keys):
            return {}
        return {
            language: translation_of(node, self.sensors, self.binary_sensors)
            for language, node in sorted(nodes.items())
            if node.sheet.is_sound(node.path)
        }

    @property
    def _has_translations(self) -> bool:
        return isinstance(self.root.data, dict) and self._sheet.is_sound(
            ("translations",)
        )
