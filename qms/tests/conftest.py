"""The world that the tests over the whole house share."""

import pytest
from django.db import transaction

from qms.tests.makers import make_world, media_in


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    """One world for all tests of a module, for those that ask with a Visitor and so leave it as it was."""
    with (
        django_db_blocker.unblock(),
        media_in(tmp_path_factory.mktemp("media")),
        transaction.atomic(),
    ):
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture
def house(live_server, tmp_path):
    """The same world, kept, and served to browsers at `house.url`."""
    with media_in(tmp_path / "media"):
        with transaction.atomic():
            world = make_world()
        world.url = live_server.url
        yield world
