"""The checks of our own: each finds what it is for, and accepts what is right."""

from __future__ import annotations

import pytest

from recoup.cli import docs_check


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "flow.md").write_text("# The flow\n\n## Step 1: a report\n")
    return tmp_path


@pytest.mark.parametrize(
    "link",
    ["docs/flow.md", "docs/flow.md#step-1-a-report", "#here", "https://example.org/x", "docs/"],
)
def test_a_link_that_leads_somewhere_is_accepted(tree, link):
    (tree / "README.md").write_text(f"# Here\n[a link]({link})\n")
    assert docs_check.broken_links(tree) == []


@pytest.mark.parametrize("link", ["docs/gone.md", "docs/flow.md#step-2", "#there", "../x.png"])
def test_a_link_that_leads_nowhere_is_named_with_its_line(tree, link):
    (tree / "README.md").write_text(f"# Here\n\n![a picture]({link})\n")
    (problem,) = docs_check.broken_links(tree)
    assert problem.startswith("README.md:3: the link")


def test_what_stands_between_fences_is_no_link(tree):
    (tree / "README.md").write_text("```\n[x](gone.md)\n```\n")
    assert docs_check.broken_links(tree) == []


def test_a_module_must_say_what_it_is_for_and_be_short():
    long_function = "def f():\n" + "    x = 1\n" * docs_check.LONGEST_FUNCTION
    problems = list(docs_check.problems_of_module(long_function))
    assert len(problems) == 2
    assert list(docs_check.problems_of_module('"""What it is for."""\n')) == []
    assert list(docs_check.problems_of_module("")) == []


GOOD = "django==5.2.1 \\\n    --hash=sha256:00\n"


def test_a_lock_pins_every_package_that_is_asked_for_with_hashes_and_no_address():
    assert list(docs_check.problems_of_lock("l", GOOD, {"django"})) == []
    assert list(docs_check.problems_of_lock("l", GOOD, {"django", "psycopg"})) != []
    assert list(docs_check.problems_of_lock("l", "django==5.2.1\n", {"django"})) != []
    assert list(docs_check.problems_of_lock("l", GOOD + "--index-url a://b\n", set())) != []


def test_names_are_compared_as_the_index_compares_them():
    assert docs_check.package("Django_Ninja[x]>=1.7,<2") == "django-ninja"
