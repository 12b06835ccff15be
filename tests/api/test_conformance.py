"""The server holds what its description says: requests made from it, good and bad alike."""

import pytest
import schemathesis
from guarded import guard
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from engine.store.workspace import Workspace
from irer_panel.api.openapi import document

described = schemathesis.openapi.from_dict(document())
# The stream has no end, and a start that is right starts a hunt: other tests have both.
FOUND = [each.ok() for each in described.exclude(path="/api/events").get_all_operations()]
GOOD, BAD = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
OPERATIONS = [
    *((each, GOOD) for each in FOUND if each.path != "/api/start-hunt"),
    *((each, BAD) for each in FOUND if each.body or each.query or each.path_parameters),
]


@pytest.fixture(scope="module")
def guarded(start_server, tmp_path_factory):
    return guard(start_server, Workspace.open(tmp_path_factory.mktemp("conformance")))


@pytest.mark.parametrize(
    ("operation", "mode"), OPERATIONS, ids=[f"{o.label} {m.value}" for o, m in OPERATIONS]
)
def test_every_answer_is_as_described(guarded, operation, mode):
    statuses = set()

    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(operation.as_strategy(generation_mode=mode))
    def ask(case):
        answer = case.call_and_validate(
            base_url=guarded.client.url, headers=guarded.token(), timeout=20
        )
        statuses.add(answer.status_code)

    ask()
    assert statuses
    assert 500 not in statuses
