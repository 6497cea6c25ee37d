"""No test here is timed: a busy machine is no defect of the rules. Said here too: they are tested alone as well."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
