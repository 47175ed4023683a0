"""scripts/develop: what it understands, what farm it starts, what it says."""

import argparse
from pathlib import Path
import sys

import pytest

from scripts._develop import add_components, farm_command, greet, miner_count, parse
from simulator.__main__ import arguments, main
from simulator.profiles import OTHERS


def parsed(monkeypatch: pytest.MonkeyPatch, *given: str) -> argparse.Namespace:
    """What it makes of a command line."""
    monkeypatch.setattr(sys, "argv", ["scripts/develop", *given])
    return parse()


def test_other_makers_miners_follow_the_farm(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They have the next ports, and are told of."""
    options = parsed(monkeypatch, "--miners", "3", "--farm-port", "5000", "--others")
    assert miner_count(options) == 5
    command = farm_command(options)
    assert command[0] == "simulator"
    simulated = arguments(command[1:])
    assert (simulated.count, simulated.port, simulated.plus) == (3, 5000, "others")
    greet(options, 0.0)
    told = capsys.readouterr().out
    assert "Simulated farm  127.0.0.1:5000 to 5002," in told
    assert (
        "Other makers    whatsminer_m30s 127.0.0.1:5003, avalon_1246 127.0.0.1:5004\n"
        in told
    )


def test_without_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of them is started or said."""
    options = parsed(monkeypatch, "--miners", "3")
    assert miner_count(options) == 3
    assert arguments(farm_command(options)[1:]).plus is None
    greet(options, 0.0)
    assert "Other makers" not in capsys.readouterr().out
    parsed(monkeypatch, "--empty", "--config", str(Path("folder")))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--others", "--empty"], "--others: --empty leaves the farm out"),
        (["--miners", "12", "--others", "--farm-port", "55523"], "--farm-port"),
        (["--miners", "0", "--others"], "--miners: at least 1"),
    ],
)
def test_what_makes_no_sense(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: list[str],
    message: str,
) -> None:
    """It is said, and the command ends."""
    with pytest.raises(SystemExit):
        parsed(monkeypatch, *given)
    assert message in capsys.readouterr().err


def test_the_last_port_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Web pages are 10,000 above; the other makers' miners count too."""
    options = parsed(monkeypatch, "--others", "--farm-port", "55522")
    assert options.farm_port + miner_count(options) - 1 + 10_000 == 65_535


def test_profiles_behind_the_farm_are_checked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A name that there is not is named."""
    assert main(["--count", "1", "--port", "0", "--plus", "s99"]) == 1
    assert "no profile 's99'" in capsys.readouterr().err
    assert len(OTHERS) == 2


def test_components_are_found_in_the_folder(tmp_path: Path) -> None:
    """Those of the project, beside the user's own; a link into the void is renewed."""
    own = tmp_path / "custom_components" / "mine"
    own.mkdir(parents=True)
    void = tmp_path / "custom_components" / "demo_ai"
    void.symlink_to(tmp_path / "gone")
    for _ in range(2):
        add_components(tmp_path)
        assert (void / "manifest.json").is_file()
        assert own.is_dir()
