"""An officer puts a file into the vault, is cut off, goes on, reads it, and takes the bundle."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recoup_verify import bundle as verifier
from support.evidence import MIB, content_of, vault_of
from support.live import Hub

pytestmark = pytest.mark.browser
OFFICER = "jelena.police"
SHOTS = os.environ.get("RECOUP_SHOTS", "")


def shot(page: Any, name: str) -> None:
    """A picture for whoever looks at the pages, where a folder is named."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def fill(page: Any, path: Path) -> None:
    page.set_input_files("#upload-file", str(path))
    page.locator("#upload-what").fill("Snapshot of the shop's page")
    page.locator("#upload-by").fill("Vera Invented")
    page.locator("#upload-place").fill("Desk 4")
    page.locator("#upload-why").fill("Named in the report")


def test_an_upload_that_was_cut_off_goes_on_and_the_bundle_is_good(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], tmp_path: Path
) -> None:  # fmt: skip
    case = vault_of(hub.world).case
    content = content_of(9 * MIB + 77)
    path = tmp_path / "shop page.mht"
    path.write_bytes(content)
    page = new_page(login=OFFICER, accept_downloads=True)
    page.goto(f"/cases/{case.pk}/evidence")
    axe(page)
    fill(page, path)
    page.route("**/piece?number=1", lambda route: None)  # the line is dead from here on
    page.get_by_role("button", name="Put into the vault").click()
    page.get_by_text("1 of 3 sent").wait_for()
    page.reload()  # and what hangs in the line is given up before it could come through
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_text("1 of 3 pieces are here.").wait_for()
    shot(page, "unfinished")
    axe(page)
    page.get_by_label("Choose the same file to go on").set_input_files(str(path))
    page.wait_for_url("**/evidence/*-*")
    digest = page.locator(".rc-digest__value").first.inner_text()
    assert "".join(digest.split()) == hashlib.sha256(content).hexdigest()
    page.locator("summary", has_text="Put under seal").click()
    page.locator("#seal-why").fill("For the way to the institute")
    page.locator("#seal-seal").fill("MUP 004711")
    page.get_by_role("button", name="Put under seal").click()
    page.locator("summary", has_text="Unseal").click()
    page.locator("#unseal-why").fill("Arrived whole")
    page.locator("#unseal-seal").fill("MUP 004711")
    page.get_by_role("button", name="Unseal").click()
    assert page.locator(".rc-custody__mark").count() == 3
    axe(page)
    shot(page, "file")
    page.locator("#read-why").fill("To show it to the prosecutor")
    with page.expect_download() as got:
        page.get_by_role("button", name="Save the file").click()
    assert Path(got.value.path()).read_bytes() == content
    page.goto(f"/cases/{case.pk}/evidence")
    shot(page, "files")
    page.locator("#bundle-why").fill("The hearing")
    with page.expect_download() as got:
        page.get_by_role("button", name="Take the bundle").click()
    assert verifier.check(got.value.path()) == []
    small = new_page(login=OFFICER, width=390)
    for where, name in ((f"/cases/{case.pk}/evidence", "files-390"), (page.url, "")):
        small.goto(where)
        wide = small.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, where
        if name:
            shot(small, name)
            small.get_by_role("link", name="shop page.mht").click()
            small.wait_for_load_state("load")
            assert small.evaluate("document.documentElement.scrollWidth") <= 390
            axe(small)
            shot(small, "file-390")
