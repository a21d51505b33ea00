"""The API under generated requests, on the real server: it fails at nothing, and keeps its word."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi

from recoup.web.api import api
from support.live import Hub
from support.world import iban

CHECKS = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
    openapi.response_headers_conformance,
    openapi.negative_data_rejection,
    openapi.ignored_auth,
]


SCHEMA = schemathesis.openapi.from_dict(api.get_openapi_schema())
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]
EXAMPLES = 25


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_generated_requests(operation: Any, mode: GenerationMode, hub: Hub) -> None:
    """Requests that keep the description, and requests that break it; with tickets to be found."""
    hub.world.report(
        payer=iban("plum", 10001), payee=iban("quince", 20001), amount=500_00,
        by=hub.world.at_bank("plum"),
    )  # fmt: skip

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case: Any) -> None:
        if str((case.query or {}).get("wait", "")).isdigit():
            case.query["wait"] = 0  # a wait that is allowed would be waited for
        headers = hub.world.bearer("quince", key=uuid4())
        case.call_and_validate(base_url=hub.url, headers=headers, checks=CHECKS, timeout=10)

    ask()
