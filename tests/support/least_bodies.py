"""The least that each write of the API takes: what the matrix sends for everybody."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

# What a write of the API needs before it looks for its object; {} where nothing is missing.
BODIES: dict[str, dict[str, Any]] = {
    "edits": {"version": 1, "content": {}}, "submissions": {"version": 1, "authority": "x"},
    "requests/questions": {"version": 1}, "requests/replies": {"version": 1},
    "decisions": {"version": 1, "decision": "authorise"},
    "oral-decisions": {
        "version": 1, "mandate": str(UUID(int=1)), "heard_at": "2026-11-22T03:00:00+01:00"
    },
    "confirmations": {"version": 1, "confirm": "emergency"}, "withdrawals": {"ground": "x"},
    "questions": {"text": "x"}, "replies": {"text": "x"}, "cost-decisions": {"agreed": True},
    "extensions": {"days": 1, "ground": "x"}, "answers": {"answer": str(UUID(int=1)), "code": "x"},
    "costs": {"amount_minor": 1, "currency": "RSD"}, "doubts": {"ground": "x"},
    "releases": {"released_at": "2026-11-22T03:00:00+01:00"},
    "doubts-lifted": {"ground": "x"},
    "cases/evidence": {"name": "x", "size": 1, "why": "x", "given_by": "x", "place": "x"},
    "evidence/custody": {"act": "seal"}, "evidence/content": {"why": "x"},
}  # fmt: skip


def least_body(path: str) -> bytes:
    """What a write takes, so that it goes on to look for its object."""
    station, last = path.split("/")[3], path.rsplit("/", 1)[-1]
    if "{" not in path:
        return b"{}"
    return json.dumps(BODIES.get(f"{station}/{last}", BODIES.get(last, {}))).encode()
