"""The examples in the docstrings are true."""

import doctest
import importlib
import pkgutil

import pytest

import contract_notify

MODULES = [module.name for module in pkgutil.walk_packages(contract_notify.__path__, prefix="contract_notify.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_docstrings_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
