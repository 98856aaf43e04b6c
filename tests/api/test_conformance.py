"""
The description of the API, held against what it does: data made from it and against it, at every operation.
"""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.errors import FailureGroup, SerializationNotPossible

from tests.api.door import Door

ENDLESS = {"/api/v1/feed"}
EXAMPLES = 3  # of each operation, with data that fits and with data that does not
# What fits the description and makes no sense all the same, as a keyring that is none, is answered so.
REFUSED = ["2xx", "3xx", "401", "403", "404", "409", "410", "412", "422", "429"]


@pytest.fixture
def silent() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def operations(door: Door) -> list[Any]:
    config = SchemathesisConfig.from_dict(
        {"checks": {"positive_data_acceptance": {"expected-statuses": REFUSED}}}
    )
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", door.door, config=config)
    return [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]


def faults(door: Door, operation: Any, mode: GenerationMode) -> list[str]:
    found: list[str] = []

    @seed(7)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {door.token}"})
        try:
            case.validate_response(answer)
        except FailureGroup as fault:  # the next example may show another
            found.append(f"{operation.label}: {answer.status_code}: {fault}")

    try:
        ask()
    except (Unsatisfiable, SerializationNotPossible):  # nothing can be wrong with it, or the body is no JSON
        return found
    return found


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fits", "does not"])
def test_the_api_does_what_it_says(door: Door, mode: GenerationMode) -> None:
    """
    Every operation accepts what its description allows, refuses what it does not, and answers in its forms.
    """
    asked = [each for each in operations(door) if each.path not in ENDLESS]

    assert [] == [fault for each in asked for fault in faults(door, each, mode)]
