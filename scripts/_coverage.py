"""Fails when the tests leave too much of a module out: Home Assistant's quality scale asks for it module by module.

python scripts/_coverage.py COVERAGE.json
"""

import json
from pathlib import Path
import sys

REQUIRED = 95.0
"""Per cent of its lines and branches that the tests of a module must exceed."""

COMPLETE = (
    "config_flow.py",
    "form_fields.py",
    "hive_flow.py",
    "hive_forms.py",
    "miner_flow.py",
    "search_flow.py",
)
"""Modules of which the tests must run everything."""


def shortfalls(report: Path) -> list[str]:
    """Return a line for every module that falls short, with the lines that no test runs."""
    found: list[str] = []
    for name, module in sorted(json.loads(report.read_text())["files"].items()):
        percent = module["summary"]["percent_covered"]
        complete = Path(name).name in COMPLETE
        if percent < 100 if complete else percent <= REQUIRED:
            missing = ", ".join(map(str, module["missing_lines"])) or "branches only"
            found.append(
                f"{name}: {percent:.1f} %, {'100' if complete else f'more than {REQUIRED:g}'} % asked (not run: {missing})"
            )
    return found


def main() -> int:
    """Print what falls short; return 1 if anything does."""
    found = shortfalls(Path(sys.argv[1]))
    print(
        "\n".join(found)
        or f"Every module above {REQUIRED:g} %, {', '.join(COMPLETE)} complete."
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
