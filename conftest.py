"""The cast and the ground for all tests: who acts, where the design's data lie, how a database is emptied."""

from pathlib import Path

import pytest
from django.test import TransactionTestCase

from trail import triggers
from trail.context import acting_as

pytest_plugins = ["qms.tests.services"]

BESIDE = Path(__file__).resolve().parent.parent / "shared"

# Emptying a test database deletes rows, which the triggers refuse; `flush` ends with post_migrate, which rewrites them.
_teardown = TransactionTestCase._fixture_teardown


def _teardown_without_triggers(case):
    triggers.drop()
    _teardown(case)


TransactionTestCase._fixture_teardown = _teardown_without_triggers


@pytest.fixture
def shared():
    """The design's folder with data, vectors and oracles, beside the checkout."""
    if not (BESIDE / "data").is_dir():
        pytest.skip("no shared data beside this checkout")
    return BESIDE


@pytest.fixture
def organisation(db):
    from accounts.tests.makers import make_organisation

    return make_organisation()


def _person(role, name):
    from accounts.tests.makers import make_person

    return make_person(name, role)


@pytest.fixture
def stefan(organisation):
    """Staff."""
    return _person("staff", "Stefan Adler")


@pytest.fixture
def mira(organisation):
    """A manager of the whole firm."""
    return _person("manager", "Mira Castellan")


@pytest.fixture
def tomas(organisation):
    """Top management."""
    return _person("top_management", "Tomas Okafor")


@pytest.fixture
def quinn(organisation):
    """The quality manager."""
    return _person("quality_manager", "Quinn Lindqvist")


@pytest.fixture
def aude(organisation):
    """An auditor."""
    return _person("auditor", "Aude Marchand")


@pytest.fixture
def adam(organisation):
    """The administrator."""
    return _person("administrator", "Adam Brandt")


@pytest.fixture
def acting(request):
    """`with acting(mira):` saves as a form of hers would."""
    return lambda user, channel="form": acting_as(user, channel=channel)
