"""How hard the faults are made: short for every change, long with `--chaos`. Every run says its seed.

In every row, the servers' event loops have a heartbeat: a row in which one is held for too long fails.
"""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
from tests.faults.patroni import ARE_INSTALLED
from tests.faults.small_disk import CAN_BE_MOUNTED
from tests.faults.watched import HELD_LOG

Figure = TypeVar("Figure")
_LEFT_OUT: dict[str, str] = {}
"""The markers of tests that cannot run on this machine, and what is said of them."""

if not CAN_BE_MOUNTED:
    _LEFT_OUT["small_disk"] = "The tests of full disks were left out: this user may not mount a file system."
if not ARE_INSTALLED:
    _LEFT_OUT["patroni"] = "The tests of Patroni were left out: this machine lacks it, etcd or HAProxy."

_SEED = pytest.StashKey[int]()


@dataclass(frozen=True)
class Faults:
    """How hard, and with which dice."""

    seed: int
    chaos: bool

    def figure(self, short: Figure, long: Figure) -> Figure:
        """The figure of this run: `short` for `make test-faults`, `long` for `make chaos`."""
        return long if self.chaos else short

    def dice(self, name: str) -> Random:
        """Dice that fall the same way whenever the same seed is given, whichever tests run beside this one."""
        return Random(f"{self.seed}.{name}")  # noqa: S311 - repeatable on purpose


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--chaos` and `--seed`."""
    group = parser.getgroup("faults")
    group.addoption("--chaos", action="store_true", help="the long figures")
    group.addoption("--seed", type=int, help="the seed of a run that is to be repeated")


def pytest_configure(config: pytest.Config) -> None:
    """Throw the seed, once for all processes of this run."""
    handed_over = getattr(config, "workerinput", {}).get("seed")
    given = config.getoption("--seed") if handed_over is None else handed_over
    config.stash[_SEED] = secrets.randbelow(10**9) if given is None else given


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: pytest.Item) -> None:
    """Hand the seed to a process of pytest-xdist."""
    node.workerinput["seed"] = node.config.stash[_SEED]  # type: ignore[attr-defined]  # xdist ships no types


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that need what this machine does not have, and the longest without `--chaos`."""
    names = {*_LEFT_OUT, *(() if config.getoption("--chaos") else ("patroni",))}
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in names)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say the seed, and what was left out."""
    for reason in _LEFT_OUT.values():
        terminalreporter.write_line(reason)
    terminalreporter.write_line(
        f"The faults' seed was {config.stash[_SEED]}; --seed={config.stash[_SEED]} repeats them."
    )


@pytest.fixture(scope="session")
def faults(pytestconfig: pytest.Config) -> Faults:
    """How hard the faults of this run are."""
    return Faults(pytestconfig.stash[_SEED], pytestconfig.getoption("--chaos"))


@pytest.fixture(scope="session", autouse=True)
def held_log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the servers of this run write down that their event loop was held."""
    log = os.environ[HELD_LOG] = str(tmp_path_factory.mktemp("heartbeat") / "held")
    yield Path(log)
    del os.environ[HELD_LOG]


@pytest.fixture(autouse=True)
def no_event_loop_is_held(held_log: Path) -> Iterator[None]:
    """Fail a row in which, or before which, a server's event loop was held for more than 250 ms of CPU."""
    yield
    if held_log.exists():
        lines = held_log.read_text()
        held_log.unlink()
        pytest.fail(lines)
