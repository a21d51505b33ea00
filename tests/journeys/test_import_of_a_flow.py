"""An officer imports a flow of crypto-assets into a case: preview, all or nothing, the trace."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.bank import Ledger
from support.live import Hub

pytestmark = pytest.mark.browser
OFFICER = "jelena.police"
ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "src/recoup/standards/flow_csv/samples"
CASES = ROOT.parent / "shared/cases"
HEADER = "Timestamp,Block,Tx_hash,From,From_label,To,To_label,Value_in_USD\n"


@pytest.fixture
def case_url(hub: Hub) -> str:
    ledger = Ledger(hub.world)
    ledger.account("victim", "plum", 10001, 9_000)
    ledger.account("first", "quince", 20001)
    paid = ledger.pay("victim", "first", 500, minute=10)
    filed = hub.world.report(
        payer=ledger.accounts["victim"].ident, payee=ledger.accounts["first"].ident, amount=500,
        paid_at=ledger.at(paid),
    )  # fmt: skip
    hub.world.plan()
    return f"/cases/{hub.world.case_of(filed).id}"


def upload(page: Any, case_url: str, file: Path, *, sources: str, terminals: str = "") -> None:
    page.goto(f"{case_url}/ledgers/new")
    page.set_input_files("input[type=file]", str(file))
    page.get_by_label("Addresses the loss came from").fill(sources)
    page.get_by_label("Addresses where the flow ends, if known").fill(terminals)
    page.get_by_role("button", name="Read the file").click()
    page.wait_for_load_state("load")


def imported(page: Any, case_url: str) -> list[str]:
    """The flows that the case's page lists."""
    page.goto(case_url)
    return page.locator("section[aria-labelledby=ledgers] li").all_inner_texts()


def test_a_file_with_a_bad_row_stores_nothing_and_names_it(
    case_url: str, new_page: Callable[..., Any], axe: Callable[[Any], None], tmp_path: Path
) -> None:  # fmt: skip
    bad = tmp_path / "flow.csv"
    good_row = f"2024-07-16 12:04:47,1,0x{'ab' * 32},0x{'1' * 40},,0x{'2' * 40},,335.65\n"
    bad.write_text(HEADER + good_row + good_row.replace("335.65", "1e5"))
    page = new_page(login=OFFICER)
    upload(page, case_url, bad, sources=f"0x{'1' * 40}")
    assert page.get_by_text("1 row is refused").first.is_visible()
    assert page.get_by_text("1e5").first.is_visible()
    assert page.get_by_role("button", name="Store").count() == 0
    axe(page)
    assert imported(page, case_url) == []


@pytest.mark.parametrize("width", [1360, 390])
def test_a_real_theft_is_imported_and_traced(
    case_url: str, new_page: Callable[..., Any], axe: Callable[[Any], None], width: int
) -> None:
    folder = CASES / "LIFI"
    if not folder.exists():
        if os.environ.get("RECOUP_REQUIRE_ALL") == "1":
            pytest.fail("../shared/cases is required here")
        pytest.skip("the verified thefts are not beside this checkout")
    page = new_page(login=OFFICER, width=width)
    upload(
        page, case_url, folder / "LIFI.csv",
        sources=(folder / "source addresses.csv").read_text(),
        terminals=(folder / "terminal addresses.csv").read_text(),
    )  # fmt: skip
    axe(page)
    page.get_by_role("button", name="Store all 135 rows").click()
    page.get_by_role("heading", name="Where the money is now").wait_for()
    assert page.get_by_text("135 transfers").first.is_visible()
    assert page.get_by_text("88.16").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    axe(page)
    page.get_by_label("Rule").select_option(label="pro rata")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_text("88.10").first.wait_for()
    page.goto(f"{case_url}/ledgers/new")
    upload(
        page, case_url, folder / "LIFI.csv",
        sources=(folder / "source addresses.csv").read_text(),
    )  # fmt: skip
    page.get_by_role("button", name="Store all 135 rows").click()
    page.get_by_text("in the case already").first.wait_for()
    assert len(imported(page, case_url)) == 1


@pytest.mark.parametrize("width", [1360, 390])
def test_a_later_file_is_told_on_the_page_of_the_flow(
    hub: Hub, case_url: str, new_page: Callable[..., Any], axe: Callable[[Any], None],
    tmp_path: Path, width: int,
) -> None:  # fmt: skip
    a, b, c = (f"0x{digit * 40}" for digit in "123")
    row = "2024-07-16 12:{minute}:47,{n},0x{hash},{payer},,{payee},,{usd}\n"
    paid = row.format(minute="04", n=1, hash="a" * 64, payer=a, payee=b, usd="335.65")
    late = row.format(minute="05", n=2, hash="b" * 64, payer=b, payee=c, usd="100.00")
    on = row.format(minute="06", n=3, hash="c" * 64, payer=b, payee=a, usd="50.00")
    file = tmp_path / "flow.csv"
    file.write_text(HEADER + paid + on)
    page = new_page(login=OFFICER, width=width)
    upload(page, case_url, file, sources=a)
    page.get_by_role("button", name="Store").click()
    page.get_by_role("heading", name="flow.csv").wait_for()
    assert page.get_by_text("last looked up").is_visible()
    more = tmp_path / "later.csv"
    more.write_text(HEADER + paid + late)
    page.set_input_files("input[type=file]", str(more))
    page.get_by_role("button", name="Read the file").click()
    assert page.get_by_text("is traced again").is_visible()
    axe(page)
    if folder := os.environ.get("RECOUP_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"flow-look-{width}.png"), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Add 1 transfer").click()
    page.get_by_role("heading", name="flow.csv").wait_for()
    assert page.get_by_text("1 of them before others; the money was traced again.").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    axe(page)
    if folder := os.environ.get("RECOUP_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"flow-later-{width}.png"), full_page=True)
        page.goto(f"{case_url}/ledgers/new")
        page.screenshot(path=str(Path(folder) / f"flow-form-{width}.png"), full_page=True)
