"""Sixty-four clients resume, terminate, hold, release and sweep one contract, and nobody can tell they are not alone.

They ask as the API asks, with what was read of the contract together with the session, but in this process, over
connections of their own: over HTTP most of the time would go into what knows nothing of contracts.
"""

import pytest
from pydantic import SecretStr
from tests.conftest import migrated_database
from tests.faults.conftest import Faults
from tests.faults.linearizability import check
from tests.faults.lives import CLIENTS, new_life
from tests.faults.planted import PLANTED, Planted

from contract_rules import Status, shipped_policies
from contract_server.development.servers.postgres import EmbeddedPostgres
from contract_server.settings import EnvironmentName, Settings

(POLICY,) = shipped_policies()
OPERATIONS = 400
LIVES_UNTIL_A_BUG_SHOWS = 60


@pytest.fixture(scope="module")
async def settings(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A migrated database, and as many connections as clients."""
    return Settings(
        environment=EnvironmentName.DEVELOPMENT,
        database_url=SecretStr(await migrated_database(postgres)),
        database_pool_size=CLIENTS,
        changes_per_contract_and_day=OPERATIONS * OPERATIONS,
        mail_dir=tmp_path_factory.mktemp("mail"),
    )


async def test_everybody_is_told_what_they_would_be_told_if_all_asked_one_after_the_other(
    settings: Settings, faults: Faults
) -> None:
    lives, operations = faults.figure((25, OPERATIONS), (250, 4000))
    dice = faults.dice("one contract")
    ends = set()
    for _ in range(lives):
        async with new_life(settings, dice) as life:
            kept = await life.run(operations)
        assert life.errors == []
        assert check(life.operations, kept, POLICY) == []
        ends.add(kept.facts.status if kept.facts else None)
    assert Status.ERASED in ends, "no life went to its end"


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.bug)
async def test_the_checker_finds_a_planted_bug(settings: Settings, faults: Faults, planted: Planted) -> None:
    dice = faults.dice(planted.bug)
    for _ in range(LIVES_UNTIL_A_BUG_SHOWS):
        with pytest.MonkeyPatch.context() as patch:
            planted.plant(patch)
            async with new_life(settings, dice) as life:
                kept = await life.run(OPERATIONS)
        if planted.shows_as in {finding.flaw for finding in check(life.operations, kept, POLICY)}:
            return
    pytest.fail(f"nothing was found in {LIVES_UNTIL_A_BUG_SHOWS} lives")
