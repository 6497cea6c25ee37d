"""No test here is timed: a busy machine is no defect of the rules. Said here too: they are tested alone as well."""

from hypothesis import Phase, settings

from contract_rules.instants import first_instant_after
from contract_rules.policy.order import day_out_of_order
from contract_rules.policy.terms import promised_on

settings.register_profile("untimed", deadline=None)
settings.register_profile(
    "mutation",  # whether a test fails, not on what simplest example
    settings.get_profile("untimed"),
    max_examples=10,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("untimed")


def pytest_runtest_setup() -> None:
    """Forget what earlier tests computed, so that each test asks the functions that it is about."""
    for remembering in (first_instant_after, day_out_of_order, promised_on):
        remembering.cache_clear()
