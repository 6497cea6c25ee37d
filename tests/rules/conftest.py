"""No test here is timed: a busy machine is no defect of the rules. Said here too: they are tested alone as well."""

from hypothesis import Phase, settings

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
