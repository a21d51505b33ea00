"""J1 in the browser: a victim reports, keeps reference and secret, adds a story, looks again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from recoup.core.reference import read_secret
from support.live import Hub
from support.roles import as_owner
from support.world import iban

pytestmark = pytest.mark.browser
Page = Any
PAYER, PAYEE = iban("plum", 7_101), iban("quince", 7_102)
WIDTHS = (1360, 390)


def fill(page: Page, **changes: str) -> None:
    paid_at = timezone.localtime(timezone.now() - timedelta(minutes=20))
    typed = {
        "amount": "480000.00", "paid_at": f"{paid_at:%Y-%m-%dT%H:%M}", "payer_account": PAYER,
        "payee_account": PAYEE, "reference": "Deposit 114",
    } | changes  # fmt: skip
    for name, value in typed.items():
        page.fill(f"#id_{name}", value)


def send(page: Page) -> None:
    page.click("#report-form button.rc-button--big")


def assert_fits(page: Page) -> None:
    """Nothing reaches beyond the screen."""
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, f"{page.url} is {wider} px wider than the screen."


@pytest.mark.parametrize("width", WIDTHS)
def test_a_victim_reports_in_two_pages_and_looks_again(
    new_page: Callable[..., Page], hub: Hub, axe: Callable[[Page], None], width: int
) -> None:
    page = new_page(width=width)

    def look() -> None:
        axe(page)
        assert_fits(page)

    page.goto("/")
    look()
    page.click("main a[href='/report']")
    look()
    fill(page)
    send(page)
    page.wait_for_url("**/report/sent")
    look()
    reference, secret = page.inner_text("#reference"), page.inner_text("#secret")
    page.click("a[href='/report/story']")
    look()
    page.fill("#id_name", "Ана Анић")
    page.fill("#id_story", "They called and said they were the bank.")
    page.click("form[action='/report/story'] button")
    page.wait_for_url("**/my-report")
    look()
    assert reference in page.inner_text("main") and secret not in page.content()

    page.click("form[action='/my-report/leave'] button")
    page.goto("/my-report")
    page.wait_for_url("**/my-report/find")
    look()
    page.fill("#id_reference", reference.lower())
    page.fill("#id_secret", secret.replace("-", " ").lower())
    page.click("form[action='/my-report/find'] button")
    page.wait_for_url("**/my-report")
    assert secret not in hub_log(hub) and read_secret(secret).hex() not in hub_log(hub)


def hub_log(hub: Hub) -> str:
    """All that the database keeps of reports, audit rows and jobs, as text."""
    with as_owner():
        rows = hub.world.run(
            "select row_to_json(r)::text from reports_report r"
            " union all select row_to_json(a)::text from audit_auditleaf a"
            " union all select row_to_json(j)::text from procrastinate_jobs j"
            " union all select session_data from django_session"
        )
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("width", WIDTHS)
def test_mistakes_are_named_beside_their_fields_and_nothing_is_lost(
    new_page: Callable[..., Page], axe: Callable[[Page], None], width: int
) -> None:
    page = new_page(width=width)
    page.goto("/report")
    fill(
        page, amount="480.000", paid_at="2099-01-01T10:00", payer_account=PAYER[:-1],
        payee_account=PAYEE.replace("RS", "RЅ"), reference="x" * 150,
    )  # fmt: skip
    send(page)
    page.wait_for_selector(".govuk-error-summary")
    axe(page)
    assert_fits(page)
    assert page.title().startswith("Error:")
    assert page.locator(".govuk-error-message").count() == 5
    assert page.input_value("#id_amount") == "480.000"

    page.click(".govuk-error-summary a >> nth=3")
    assert page.evaluate("document.activeElement.id") == "id_payee_account"
    fill(page)
    send(page)
    page.wait_for_url("**/report/sent")


def test_going_back_and_sending_again_is_no_second_report(
    new_page: Callable[..., Page], hub: Hub
) -> None:
    page = new_page()
    paid_at = timezone.localtime(timezone.now() - timedelta(minutes=20))
    for _ in range(2):
        page.goto("/report")
        fill(page, paid_at=f"{paid_at:%Y-%m-%dT%H:%M}")  # the same, also where a minute begins
        send(page)
        page.wait_for_url("**/report/sent")

    assert not page.locator("#secret").count()
    assert hub.world.run("select count(*) from reports_report") == [(1,)]


@pytest.mark.parametrize(("language", "words"), [
    ("sr", "Уписали сте"), ("sr-latn", "Upisali ste"), ("sq", "Keni shkruar"), ("tr", "yazdınız"),
], ids=["sr", "sr-latn", "sq", "tr"])  # fmt: skip
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_speak_each_language(
    new_page: Callable[..., Page], axe: Callable[[Page], None],
    language: str, words: str, width: int,
) -> None:  # fmt: skip
    page = new_page(width=width)
    page.goto("/report")
    page.click(f"header button[value='{language}']")
    page.wait_for_function(f"document.documentElement.lang.startsWith('{language[:2]}')")
    fill(page, amount="1,5", payee_account="RS35")
    send(page)
    page.wait_for_selector(".govuk-error-summary")
    axe(page)
    assert_fits(page)
    assert words in page.inner_text(".govuk-error-summary")
    fill(page)
    send(page)
    page.wait_for_url("**/report/sent")
    axe(page)
    assert_fits(page)


def test_the_form_works_without_a_script(new_page: Callable[..., Page]) -> None:
    page = new_page(java_script_enabled=False)
    page.goto("/report")
    fill(page)
    send(page)
    page.wait_for_url("**/report/sent")
    assert page.inner_text("#secret")
