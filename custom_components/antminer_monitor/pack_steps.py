"""The steps that installing a pack has in common, wherever it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from awesomeversion import AwesomeVersion
from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowContext, FlowHandler, FlowResult
from homeassistant.helpers.selector import (
    BooleanSelector,
    FileSelector,
    FileSelectorConfig,
)
import probatio

from .extension import Extension, ExtraBinarySensor, ExtraSensor
from .markdown import NOTHING, bullets, names, plain, quoted
from .pack_extension import load_extension
from .pack_hub import (
    async_check_names,
    async_installed_packs,
    async_matching_rigs,
    files_of,
)
from .packs.archive import MAX_UPLOAD, unpack
from .packs.errors import PackError, Problem
from .packs.loading import load_pack
from .packs.model import Pack, PackTranslation

CONF_FILE = "file"
CONF_REPLACE = "replace"

MOST_PACKS = 50

UPLOAD_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_FILE): FileSelector(
            FileSelectorConfig(accept=".zip,.yaml,.yml")
        )
    }
)
AGREE_SCHEMA = probatio.Schema({})
REPLACE_SCHEMA = probatio.Schema(
    {probatio.Required(CONF_REPLACE, default=False): BooleanSelector()}
)


def problem_list(error: PackError) -> str:
    """Give all that is wrong with a pack as a list in Markdown."""
    return bullets(map(str, error.problems))


class Relation(StrEnum):
    """What a pack is to the one of its id that is installed."""

    NEW = "new"
    """There is none."""
    NEWER = "newer"
    SAME = "same"
    OLDER = "older"


def relation_of(version: str, installed: str | None) -> Relation:
    """Compare a version with the one that is installed; ``None``: that one is broken."""
    if installed is None:
        return Relation.NEWER
    if AwesomeVersion(version) > AwesomeVersion(installed):
        return Relation.NEWER
    if AwesomeVersion(version) < AwesomeVersion(installed):
        return Relation.OLDER
    return Relation.SAME


@dataclass(frozen=True, slots=True)
class Offer:
    """A pack that is checked, and waits for the user to agree."""

    pack: Pack
    extension: Extension
    relation: Relation
    installed: str
    """Version that is installed."""
    rigs: tuple[str, ...]
    """Names of those that it would read now."""

    def words(self, language: str) -> dict[str, str]:
        """Give the values of the words that show it; nothing of a pack does more than be read."""
        pack = self.pack
        extras: tuple[ExtraSensor | ExtraBinarySensor, ...] = (
            *self.extension.sensors,
            *self.extension.binary_sensors,
        )
        told = pack.translations.get(language, PackTranslation())
        return {
            "pack": plain(told.name or pack.name),
            "version": plain(pack.version),
            "installed": plain(self.installed),
            "author": plain(pack.author or NOTHING),
            "homepage": plain(pack.homepage or NOTHING),
            "about": quoted(told.description or pack.description or NOTHING),
            "dialects": names(
                f"{item.firmware} ({item.manufacturer})"
                if item.manufacturer
                else item.firmware
                for item in pack.dialects
            ),
            "models": names(model.hardware.model for model in pack.models),
            "sensors": names(item.names.get(language, item.name) for item in extras),
            "rig_count": str(len(self.rigs)),
            "rigs": bullets(self.rigs),
        }


def _version_of(subentry: ConfigSubentry) -> str | None:
    """Give the version of an installed pack; ``None`` where it is broken."""
    try:
        return load_pack(files_of(subentry), reserved=()).version
    except PackError:
        return None


def read_upload(hass: HomeAssistant, file_id: str) -> bytes:
    """Read a file that was uploaded, no further than 1 MiB and a byte; the upload is gone then.

    It blocks. Raises ValueError or OSError where there is no such upload.
    """
    with process_uploaded_file(hass, file_id) as path, path.open("rb") as file:
        return file.read(MAX_UPLOAD + 1)


class PackSteps[ContextT: FlowContext, ResultT: FlowResult[Any, Any], HandlerT](
    FlowHandler[ContextT, ResultT, HandlerT]
):
    """Takes a pack, says all that is wrong with it or else what it adds, and has it installed.

    Begins with ``async_step_upload``, or with ``_offer`` for a pack that was made otherwise.
    """

    wanted_id: str | None = None
    """The id that the pack must have; ``None``: any."""

    _offered: Offer | None = None
    _refused: PackError | None = None

    async def _install(self, files: Mapping[str, str]) -> ResultT:
        """Finish the flow with this pack installed: added, or in the place of its former self."""
        raise NotImplementedError

    async def _checked(self, files: Mapping[str, str]) -> tuple[Pack, Extension]:
        """Give the pack that files are, and the extension that it becomes.

        Raises PackError with all that is wrong with it, or where it cannot be installed here.
        """
        pack, extension = await self.hass.async_add_executor_job(load_extension, files)
        if self.wanted_id not in (None, pack.id):
            raise PackError(
                [Problem(f"it is the pack {pack.id}, not {self.wanted_id}", key="id")]
            )
        async_check_names(self.hass, pack, extension)
        installed = async_installed_packs(self.hass)
        if pack.id not in installed and len(installed) >= MOST_PACKS:
            raise PackError(
                [
                    Problem(
                        f"there are {MOST_PACKS} packs, which is as many as there may be"
                    )
                ]
            )
        return pack, extension

    async def _offer(self, files: Mapping[str, str]) -> ResultT:
        """Show what a pack would add, and install it if the user agrees.

        Raises PackError as ``_checked`` does; then nothing is shown.
        """
        pack, extension = await self._checked(files)
        relation, installed = Relation.NEW, None
        if subentry := async_installed_packs(self.hass).get(pack.id):
            installed = await self.hass.async_add_executor_job(_version_of, subentry)
            relation = relation_of(pack.version, installed)
        rigs = await async_matching_rigs(self.hass, extension)
        self._offered = Offer(
            pack, extension, relation, installed or NOTHING, tuple(rigs)
        )
        match relation:
            case Relation.NEW:
                return await self.async_step_preview()
            case Relation.NEWER:
                return await self.async_step_preview_newer()
            case Relation.SAME:
                return await self.async_step_preview_same()
        return await self.async_step_preview_older()

    async def async_step_upload(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Ask for the file of a pack; say all that is wrong with the one before."""
        errors: dict[str, str] = {}
        refused, self._refused = self._refused, None
        if user_input is not None:
            run = self.hass.async_add_executor_job
            try:
                data = await run(read_upload, self.hass, user_input[CONF_FILE])
            except ValueError, OSError:
                errors[CONF_FILE] = "upload_gone"
            else:
                try:
                    return await self._offer(await run(unpack, data))
                except PackError as err:
                    refused = err
        if refused:
            errors[CONF_FILE] = "pack_invalid"
        return self.async_show_form(
            step_id="upload",
            data_schema=UPLOAD_SCHEMA,
            errors=errors,
            description_placeholders={
                "problems": problem_list(refused) if refused else ""
            },
        )

    async def async_step_preview(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Show a pack that is not installed."""
        if user_input is not None:
            return await self._agreed()
        return self.async_show_form(
            step_id="preview",
            data_schema=AGREE_SCHEMA,
            description_placeholders=self._words(),
            last_step=True,
        )

    async def async_step_preview_newer(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Show a newer version of a pack."""
        if user_input is not None:
            return await self._agreed()
        return self.async_show_form(
            step_id="preview_newer",
            data_schema=AGREE_SCHEMA,
            description_placeholders=self._words(),
            last_step=True,
        )

    async def async_step_preview_same(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Show a pack of the version that is installed."""
        if user_input is not None:
            return await self._agreed()
        return self.async_show_form(
            step_id="preview_same",
            data_schema=AGREE_SCHEMA,
            description_placeholders=self._words(),
            last_step=True,
        )

    async def async_step_preview_older(
        self, user_input: dict[str, Any] | None = None
    ) -> ResultT:
        """Show an older version of a pack, and ask whether it is meant."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if user_input[CONF_REPLACE]:
                return await self._agreed()
            errors[CONF_REPLACE] = "pack_older"
        return self.async_show_form(
            step_id="preview_older",
            data_schema=REPLACE_SCHEMA,
            errors=errors,
            description_placeholders=self._words(),
            last_step=True,
        )

    def _words(self) -> dict[str, str]:
        assert self._offered is not None
        return self._offered.words(self.hass.config.language)

    async def _agreed(self) -> ResultT:
        """Install what was shown, unless others were installed meanwhile that are in its way."""
        assert self._offered is not None
        try:
            return await self._install(self._offered.pack.files)
        except PackError as err:
            self._refused = err
            return await self.async_step_upload()
