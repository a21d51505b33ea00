"""A working as plain facts, for canonical JSON: the format ``recoup-working/1``.

Sums are texts of whole units of the last place, or "n/d" in lowest terms; times are the ledger's
own, with the moment in UTC where they are one. Names from outside are values, never keys. Where
money was exchanged, sums are in the asset beside them, and ``conservation`` has each currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import recoup
from recoup.core.tracing.cases import plain
from recoup.core.tracing.ledger import Transfer
from recoup.core.tracing.result import Amounts, Reckoning
from recoup.core.tracing.working import Source, Step, Working

FORMAT: Final = "recoup-working/1"
ENGINE: Final = {"name": "recoup", "version": recoup.__version__}
_SUMS: Final = (
    "lost", "at_terminals", "at_sources", "elsewhere", "dissipated", "exchanged", "unseen",
)  # fmt: skip


def facts(working: Working) -> dict[str, Any]:
    """Return all of a working."""
    asset = working.asset
    return {
        "format": FORMAT,
        "engine": ENGINE,
        "rule": rule_facts(working),
        "asset": {"code": asset.code, "decimals": asset.decimals, "is_money": asset.is_money},
        "inputs": {
            "ledger_sha256": working.ledger_sha256,
            "sha256": working.inputs_sha256,
            "transfers": len(working.ledger.transfers),
            "transfers_counted": working.counted,
            **_along(working),
        },
        "payments": [_payment(working, *one) for one in working.payments],
        "held": [_held(working, number) for number in range(len(working.held))],
        "steps": [_step(working, step) for step in working.steps],
        "dissipated": [
            {"account": name, **asset_facts(working, name), "of": _labelled(labels)}
            for name, labels in sorted(working.result.dissipated.items())
        ],
        "unseen": [
            {"account": name, **asset_facts(working, name), "units": text(units)}
            for name, units in sorted(working.result.unseen.items())
        ],
        "conservation": conservation_facts(working),
    }


def _along(working: Working) -> dict[str, Any]:
    """Say how many payments are traced along and not told, where there may be such."""
    if working.told is None:
        return {}
    return {"payments_not_told": len(working.ledger.seeds) - len(working.own_ledger.seeds)}


def rule_facts(working: Working) -> dict[str, Any]:
    """Return the rule, its source and its policies: what stands beside every figure."""
    how, as_of = working.how, working.as_of
    return {
        "key": how.key,
        "name": how.name,
        "takes": how.takes,
        "source": how.source,
        "ordering": how.ordering,
        "adds_up_to_the_loss": how.conserves,
        "shortfall": working.shortfall,
        "as_of": None if as_of is None else _time(working, as_of),
    }


def conservation_facts(working: Working) -> dict[str, Any]:
    """Return the sums added up again, of each payment and of all; in each currency, if several."""
    found = _conserved(working)
    if not working.assets:
        return found
    return {
        **found,
        "currencies": [
            {"asset": part.asset.code, "decimals": part.asset.decimals, **_conserved(part)}
            for part in working.parts
        ],
        "exchanges": [_exchange(working, step) for step in working.exchanges],
        "exchanged_as_told": working.exchanged_as_told if working.how.conserves else None,
    }


def _conserved(working: Working) -> dict[str, Any]:
    shares = working.shares
    return {
        "adds_up": working.adds_up if working.how.conserves else None,
        "sums": {name: text(getattr(shares, name)) for name in _SUMS},
        "unaccounted": text(shares.unaccounted) if working.how.conserves else None,
        "payments": [_reckoned(one, working.how.conserves) for one in working.reckonings],
    }


def _exchange(working: Working, step: Step) -> dict[str, Any]:
    """Both sides of an exchange: what was told of the whole, and the traced part of it."""
    x = step.transfer
    return {
        "step": step.number,
        "gave": {**asset_of(working, x.payer), "units": text(x.amount)},
        "got": {**asset_of(working, x.payee), "units": text(x.credited)},
        "traced_gave": text(working.sum(step.carried)),
        "traced_got": text(working.sum(step.credited)),
        "source": _source(step.source),
    }


def asset_of(working: Working, account: str) -> dict[str, str]:
    return {"asset": working.asset_of(account).code}


def asset_facts(working: Working, account: str) -> dict[str, str]:
    """Name what an account is kept in, where that may differ."""
    return asset_of(working, account) if working.assets else {}


def text(units: int) -> str:
    """Write units exactly: a whole number, or "n/d" in lowest terms."""
    return str(plain(units))


def _reckoned(one: Reckoning, conserves: bool) -> dict[str, Any]:
    return {
        "payment": one.seed,
        "lost": text(one.lost),
        "exchanged": text(one.exchanged),
        "held": text(one.held),
        "dissipated": text(one.dissipated),
        "unaccounted": text(one.unaccounted) if conserves else None,
    }


def _payment(working: Working, transfer: Transfer, lost: int) -> dict[str, Any]:
    return {
        **_moved(working, transfer),
        "victims_units": text(lost),
        "source": _source(working.sources.get(transfer.id)),
    }


def _held(working: Working, number: int) -> dict[str, Any]:
    one = working.held[number]
    return {
        "account": one.account,
        "name": working.names.get(one.account, ""),
        "kind": one.kind,
        **asset_facts(working, one.account),
        "balance": None if one.balance is None else text(one.balance),
        "units": text(one.units),
        "of": _labelled(one.traced),
    }


def _step(working: Working, step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        **_moved(working, step.transfer),
        "carried": _labelled(step.carried),
        "credited": _labelled(step.credited),
        "payer_before": None if step.balance is None else text(step.balance),
        "payer_traced_before": None if step.traced is None else text(step.traced),
        "unseen": text(step.unseen),
        "dissipated": _labelled(step.dissipated),
        "source": _source(step.source),
    }


def _moved(working: Working, transfer: Transfer) -> dict[str, Any]:
    return {
        "transfer": transfer.id,
        "time": _time(working, transfer.t),
        "payer": transfer.payer,
        "payee": transfer.payee,
        "amount": text(transfer.amount),
        "credit": text(transfer.credited),
        **(
            {
                "amount_asset": working.asset_of(transfer.payer).code,
                "credit_asset": working.asset_of(transfer.payee).code,
            }
            if working.assets
            else {}
        ),
    }


def _time(working: Working, t: int) -> dict[str, str | None]:
    moment = working.times.at(t)
    return {"t": str(t), "utc": None if moment is None else working.times.written(t)}


def _labelled(labels: Amounts) -> list[dict[str, str]]:
    return [{"payment": label, "units": text(units)} for label, units in sorted(labels.items())]


def _source(source: Source | None) -> Mapping[str, str] | None:
    if source is None:
        return None
    return {"kind": source.kind, "reference": source.reference, "place": source.place}
