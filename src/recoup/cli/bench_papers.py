"""`./recoup bench papers`: a request and an order printed, signed, stamped, and checked again.

Each paper has another reference and other sums, so that nothing of the one before helps. The first
of each is not counted: it loads the fonts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from typing import Final
from uuid import UUID

from recoup.apps.lawful_requests.papers.authority import Authority, Holder
from recoup.apps.lawful_requests.papers.checking import check_paper
from recoup.apps.lawful_requests.papers.printing import Seal, printed
from recoup.apps.lawful_requests.papers.signing import SignedBy, signed
from recoup.apps.lawful_requests.papers.stamping import OwnStamper
from recoup.cli.bench_result import Result, milliseconds
from recoup.cli.measured import Line
from recoup.core.document import (
    Addressee,
    AnswerCode,
    Ask,
    Authorisation,
    Clock,
    Document,
    Head,
    Identifier,
    OrderDocument,
    PackSaid,
    Payment,
    Period,
    PowerSaid,
    RequestDocument,
    Sender,
    Sum,
)
from recoup.core.law import Limit, Unit
from recoup.core.law import due as derivation
from recoup.core.said import Said
from recoup.core.verification import code_of
from recoup.data.calendars import load_calendar

PAPERS: Final = 60
PRINT_SECONDS, SIGN_SECONDS = 0.150, 0.500
AT: Final = datetime(2026, 11, 22, 9, 45, tzinfo=UTC)
TOLD: Final = """\
A request about one account with three disputed payments, on one page, and an order for the data of
a subscriber with its clocks derived, signed by the person who decided: printed (PDF/A-3a with its
values inside), printed and signed with a time stamp of the local authority (PAdES B-T), and
checked. Median and p95 of 60 papers of each kind, each another, after the first."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of paper that is measured: how one is written, and who signs it."""

    name: str
    write: Callable[[int], Document]
    holder: Holder
    seal: Seal

    @property
    def signer(self) -> str:
        return self.holder.person or self.holder.organisation


def kinds() -> list[Kind]:
    """The request by its organisation, the order by the person who decided."""
    person = Holder("court", "Court of Appeal", "RS", "Ana A.", "judge")
    return [
        Kind("request", request, Holder("police", "Police", "RS"),
             Seal("Police", "", "", AT, True)),
        Kind("order", order, person, Seal("Court of Appeal", "Ana A.", "judge", AT, True)),
    ]  # fmt: skip


def papers(options: argparse.Namespace, folder: Path) -> Result:
    """Print, sign and check; hold the p95 against what was asked."""
    authority = Authority(folder / "authority", may_make=True)
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[Line] = []
    is_right = True
    for kind in kinds():
        found, verdicts = measure(kind, authority)
        lines += found
        is_right = is_right and all(verdicts)
    lines.append(Line("every paper found valid", "yes", "yes" if is_right else "no", is_right))
    return Result(
        title="Papers", told=TOLD, lines=lines, differs=not is_right,
        packages=("typst", "pyhanko", "cryptography"),
    )  # fmt: skip


def measure(kind: Kind, authority: Authority) -> tuple[list[Line], list[bool]]:
    """The lines of one kind of paper, and whether each of them was found valid."""
    made: list[bytes] = []
    verdicts: list[bool] = []

    def sign_one(n: int) -> None:
        by = SignedBy(authority.credential(kind.holder, at=AT), kind.signer, kind.holder.role, AT)
        stamper = OwnStamper(authority.stamp(at=AT), at=AT)
        made.append(signed(printed(kind.write(n), seal=kind.seal).pdf, by, stamper=stamper))

    def check_one(n: int) -> None:
        verdicts.append(check_paper(made[n], trusted=authority.trusted(), at=AT).is_valid)

    prints = seconds_of(
        lambda n: printed(kind.write(n), seal=kind.seal), range(1000, 1001 + PAPERS)
    )
    signs = seconds_of(sign_one, range(2000, 2001 + PAPERS))
    checks = seconds_of(check_one, range(1 + PAPERS))
    lines = [
        line(f"{kind.name}: printed, unsigned", prints, PRINT_SECONDS),
        line(f"{kind.name}: printed, signed and stamped", signs, SIGN_SECONDS),
        line(f"{kind.name}: checked", checks, None),
        Line(f"{kind.name}: size, signed", "", f"{len(made[-1]) / 1000:.0f} kB"),
    ]
    return lines, verdicts


def seconds_of(work: Callable[[int], object], numbers: Sequence[int]) -> list[float]:
    """How long each took, but for the first."""
    taken = []
    for number in numbers:
        started = perf_counter()
        work(number)
        taken.append(perf_counter() - started)
    return taken[1:]


def line(what: str, taken: Sequence[float], limit: float | None) -> Line:
    """Median and p95; judged by the p95 where a limit is given."""
    p95 = quantiles(taken, n=20)[-1]
    asked = f"≤ {milliseconds(limit)}" if limit else ""
    shown = f"{milliseconds(median(taken))} / {milliseconds(p95)}"
    return Line(f"{what} (median / p95)", asked, shown, None if limit is None else p95 <= limit)


def request(n: int) -> RequestDocument:
    """A request as banks get them; another for each number."""
    code = str(code_of(UUID(int=n << 80 | 4 << 76 | 2 << 62 | n)))
    head = Head(
        reference=f"HT-{n:04}-BENC", measure="hold", title="Hold",
        issued_at=AT + timedelta(seconds=n), language="en", time_zone="Europe/Belgrade",
        sender=Sender("Police", "police", "police", "RS", contact="Duty desk",
                      call_back="+381 11 000 000"),
        to=Addressee("Linden Bank", "linden", "bank", "RS"),
        power=PowerSaid("hold", "Agreement on urgent holds", "2", "Voluntary request. " * 12,
                        False, False, True),
        pack=PackSaid("RS", 1, "ab" * 32), verification_code=code,
        verification_address=f"https://hub.invalid/verify?code={code}",
    )  # fmt: skip
    units = Sum(48_000_000 + n, "RSD", 2)
    payment = Payment(f"P-{n}", AT, units, units, f"RS{n:020}", "RS35993000000000007719")
    ask = Ask(
        wanted=(Said("Block only this sum, as a precaution. Disclose nothing yet."),),
        identifiers=(Identifier("iban", f"RS{n:020}", f"RS{n:020}"),),
        clocks=(
            Clock("sent", AT),
            Clock("answer", AT + timedelta(minutes=30),
                  (Said("Counted from sending: %(n)s minutes.", n=30),)),
        ),
        amount=units,
        payments=(payment, replace(payment, reference=f"Q-{n}"), replace(payment, reference="R")),
        until=AT + timedelta(days=1),
        answers=(AnswerCode("held", "Held"), AnswerCode("not_ours", "Not ours")),
    )  # fmt: skip
    decided = Authorisation("standing_instruction", f"SI-{n}", ("officer, A", "officer, B"), AT)
    return RequestDocument(head, ask, decided)


def order(n: int) -> OrderDocument:
    """A court's order about one subscriber, as it goes to a provider; another for each number."""
    asked = request(n)
    start = AT + timedelta(seconds=n)
    due = derivation(Limit(3, Unit.WORKING_DAYS), start, load_calendar("RS"))
    asks = "Name the subscriber of this address at this moment."
    steps = tuple(Said(str(step.said)) for step in due.steps)
    head = replace(
        asked.head, reference=f"RQ-{n:04}-BENC", measure="subscriber", title="Subscriber data",
        sender=Sender("Court of Appeal", "court", "court", "RS", person="Ana A.", mandate="judge",
                      call_back="+381 11 000 000"),
        to=Addressee("Heron Net", "heron", "isp", "RS"),
    )  # fmt: skip
    ask = Ask(
        wanted=(Said(asks),),
        identifiers=(Identifier("ip", f"203.0.113.{n % 250}", f"203.0.113.{n % 250}", 4431, AT),),
        clocks=(Clock("sent", start), Clock("answer", due.at or start, steps)),
        data=("Subscriber data",), period=Period(AT - timedelta(days=2), AT),
        is_secret=True,
        answers=(AnswerCode("given", "Given"), AnswerCode("refused", "Refused")),
    )  # fmt: skip
    decided = Authorisation("written", head.reference, ("judge, Ana A.",), AT)
    return OrderDocument(head, ask, decided, request=f"HT-{n:04}-BENC")
