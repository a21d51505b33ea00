"""One file traced under several rules, side by side: one column or line a rule, never a sum."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from recoup.apps.traces.findings import KINDS, Findings, counted, usd
from recoup.apps.traces.picture import printable
from recoup.apps.traces.voice import percent

_SUMS = ("at_terminals", "elsewhere", "at_sources", "dissipated", "unseen")
_HEADS = ("at terminals", "elsewhere", "at a source", "dissipated", "unseen")


@dataclass(frozen=True)
class Comparison:
    """The findings of each rule, in the order in which they were asked for."""

    findings: tuple[Findings, ...]

    @property
    def adds_up(self) -> bool:
        return all(found.adds_up for found in self.findings)

    def as_json(self) -> str:
        results = {found.rule: found.as_facts() for found in self.findings}
        facts = {"file": self.findings[0].name, "results": results}
        return json.dumps(facts, ensure_ascii=False, indent=1)

    def as_text(self, *, all_places: bool) -> str:
        first = self.findings[0]
        lines = [
            f"{printable(first.name)}: {counted(first.shares.payments, 'payment')}, "
            f"{usd(first.shares.lost)} USD lost",
            "Each line or column is the answer of one rule alone; they are never added.",
            "",
            *self._sums(),
            "",
            *self._places(all_places),
            "",
            *self._rules(),
        ]
        return "\n".join(lines)

    def _sums(self) -> Iterator[str]:
        yield "US dollars   " + "".join(f"{head:>21}" for head in _HEADS)
        for found in self.findings:
            sums = (usd(getattr(found.shares, part)) for part in _SUMS)
            note = "" if found.how.conserves else "  (marks, no sums of money)"
            yield f"{found.rule:<13}" + "".join(f"{units:>21}" for units in sums) + note

    def _places(self, all_places: bool) -> Iterator[str]:
        """The addresses with traced money, by the largest share under a rule that adds up."""
        shares = [
            {place.address: found.shares.share_of(place.units) for place in found.places}
            for found in self.findings
        ]
        claims = [each for each, f in zip(shares, self.findings, strict=True) if f.how.conserves]
        most = {a: max((x.get(a, 0) for x in claims), default=0) for each in shares for a in each}
        addresses = sorted(most, key=lambda address: (-most[address], address))
        yield (
            "% of the loss" + "".join(f"{found.rule:>14}" for found in self.findings) + "  address"
        )
        for address in addresses if all_places else addresses[:20]:
            cells = (percent(each[address]) if address in each else "-" for each in shares)
            kind = KINDS[self.findings[0].kind(address)]
            yield "".join(f"{cell:>14}" for cell in cells) + f"  {address} ({kind})"
        if len(addresses) > 20 and not all_places:
            yield f"{len(addresses) - 20:,} more addresses (--all names them)"

    def _rules(self) -> Iterator[str]:
        yield "The rules"
        for found in self.findings:
            yield from found.rule_in_words()
            yield f"    {found.conservation()}"
