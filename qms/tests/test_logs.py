"""What stands in the log, and what never does."""

import json
import logging
import logging.config

import pytest

from qms import logs


@pytest.fixture
def lines(client, settings, capsys):
    """A function that asks for a page and returns the JSON lines written meanwhile."""

    def ask(path):
        logging.config.dictConfig(logs.configuration("INFO", as_json=True))
        try:
            client.get(path)
            return [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        finally:
            logging.config.dictConfig(settings.LOGGING)

    return ask


@pytest.mark.django_db
def test_a_request_is_one_line_with_its_id(lines, adam):
    (line,) = lines("/admin/login/")

    assert (line["method"], line["route"]) == ("GET", "/admin/login/")
    assert 200 <= line["status"] < 400
    assert len(line["request_id"]) == 32
    assert line["ms"] >= 0


@pytest.mark.django_db
def test_neither_path_nor_query_of_a_request_is_written(lines, adam):
    written = json.dumps(lines("/no/such/secret-link/?q=Jane+Doe"))

    assert "secret-link" not in written
    assert "Jane" not in written
