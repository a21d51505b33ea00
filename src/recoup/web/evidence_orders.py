"""The orders of a case's requests, for its court bundle: the very bytes that were taken in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from recoup.apps.evidence.bundle_operations import Order
from recoup.apps.lawful_requests import request_queries
from recoup.apps.lawful_requests.request_models import RequestFile
from recoup.core.access import Actor
from recoup.standards.bagit import safe_name


def of_case(actor: Actor, case_id: UUID) -> Callable[[Sequence[str] | None], list[Order]]:
    """Give the orders that the actor sees: all of now, or those of a bundle taken before."""

    def found(ids: Sequence[str] | None) -> list[Order]:
        mine = request_queries.visible_requests(actor).filter(case_id=case_id)
        rows = RequestFile.objects.filter(request__in=mine, kind="order").select_related("request")
        if ids is not None:
            rows = rows.filter(pk__in=ids)
        return [_order(row) for row in rows.order_by("request__reference", "at", "id")]

    return found


def _order(row: RequestFile) -> Order:
    reference = row.request.reference if row.request else "order"
    path = f"orders/{safe_name(reference)}-{row.id.hex[:8]}-{safe_name(row.name)}"
    return Order(str(row.id), path, bytes(row.content))
