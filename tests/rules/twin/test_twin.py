"""A second implementation, in another language, gives the same answers: the rules are in the vectors, not in Python."""

from collections import Counter

import pytest
from tests.rules.twin.questions import questions
from tests.rules.twin.twin import TWIN, ask, holds, shipped

from contract_rules.conformance import ANSWERS, agree, answer

SEEDS = (1, 2, 3, 4)
QUESTIONS_A_SEED = 25_000


def test_the_twin_reproduces_every_vector() -> None:
    cases = shipped()
    (answers,) = ask(cases, TWIN)
    assert [(case, found) for case, found in zip(cases, answers, strict=True) if not holds(case, found)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_twin_agrees_on_questions_at_random(seed: int) -> None:
    cases = list(questions(seed, QUESTIONS_A_SEED))
    (twins,) = ask(cases, TWIN)
    kinds: Counter[str] = Counter()
    differences = []
    for case, twin in zip(cases, twins, strict=True):
        found = answer(case)
        kinds += Counter(key for key in ANSWERS if key in found)
        if not all(agree(found[key], twin.get(key)) for key in ANSWERS if key in found):
            differences.append((case, found, twin))
    assert differences == []
    assert min(kinds[key] for key in ANSWERS) > QUESTIONS_A_SEED / 20
