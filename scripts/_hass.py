"""Home Assistant as scripts/develop runs it: its usual self, without what would need a compiler or a camera library.

Home Assistant loads a set of integrations at every start and installs what they import when it is not there; some of
those packages are to be had as source only. The integrations named here are what one needs to look at miners and to
automate them. Any other takes part only when its packages happen to be there.

    python -m scripts._hass --wheels            the packages that must be installed, one a line, pinned
    python -m scripts._hass ARGUMENTS           `hass ARGUMENTS`
"""

from collections.abc import Iterable
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
import json
from pathlib import Path
import sys
from types import ModuleType
from typing import override

import homeassistant
from homeassistant.util.package import is_installed

INTEGRATIONS = (
    "automation",
    "backup",
    "config",
    "conversation",
    "energy",
    "frontend",
    "history",
    "logbook",
    "scene",
    "script",
    "system_health",
)
"""What the development configuration sets up; the integrations that these depend on come with them."""

HOST = "127.0.0.1"
"""Where Home Assistant and the simulated farm listen: nobody else can reach them, so that the password may be known."""

USERS = ("miner", "operator", "viewer")
"""An owner, a user and one who may only read."""

PASSWORD = "antminer"
"""Of each of them."""

ABSENT = ("haffmpeg", "mutagen", "pymicro_vad", "pyspeex_noise", "turbojpeg")
"""Packages for cameras and voices, some to be had as source only.

The first page that is opened asks for the descriptions of all actions, and for them Home Assistant imports every
kind of entity, cameras and voice satellites too (helpers/service.py). They get stand-ins here, which do nothing.
"""

_COMPONENTS = Path(homeassistant.__file__).parent / "components"


def requirements(domains: Iterable[str]) -> set[str]:
    """Return what these integrations and whatever they build on import, as their manifests pin it."""
    found: set[str] = set()
    seen: set[str] = set()
    todo = list(domains)
    while todo:
        domain = todo.pop()
        if domain in seen:
            continue
        seen.add(domain)
        manifest = json.loads((_COMPONENTS / domain / "manifest.json").read_text())
        found.update(manifest.get("requirements", []))
        todo += manifest.get("dependencies", [])
        # Set up only if present, but imported all the same.
        todo += manifest.get("after_dependencies", [])
    return found


class _StandIn(ModuleType):
    """A module in which every name is a class that does nothing."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class _StandIns(MetaPathFinder, Loader):
    """Finds a stand-in for each absent package and its parts."""

    def __init__(self, packages: Iterable[str]) -> None:
        self._packages = frozenset(packages)

    @override
    def find_spec(
        self, fullname: str, path: object, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in self._packages:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    @override
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    @override
    def exec_module(self, module: ModuleType) -> None:
        """Leave it as it is."""


def _find_components_of(config: Path) -> None:
    """Have custom integrations of the folder found beside the one of this project, which comes first.

    Home Assistant looks in one folder, that of the first of the two.
    """
    components = import_module("custom_components")
    folder = config / "custom_components"
    # It fails to start with a folder that is not there.
    folder.mkdir(exist_ok=True)
    components.__path__ = [*components.__path__, str(folder)]


def main() -> int:
    """Print the packages, or be Home Assistant until it ends; return its exit code."""
    if sys.argv[1:] == ["--wheels"]:
        print("\n".join(sorted(requirements(INTEGRATIONS))))
        return 0

    from homeassistant import __main__ as hass, bootstrap  # noqa: PLC0415 - takes a second: not for a list of names

    if "--config" in sys.argv:
        _find_components_of(Path(sys.argv[sys.argv.index("--config") + 1]))
    sys.meta_path.append(_StandIns(name for name in ABSENT if find_spec(name) is None))
    for domain in sorted(bootstrap.DEFAULT_INTEGRATIONS):
        if not all(map(is_installed, requirements([domain]))):
            bootstrap.DEFAULT_INTEGRATIONS.discard(domain)
    return hass.main()


if __name__ == "__main__":
    sys.exit(main())
