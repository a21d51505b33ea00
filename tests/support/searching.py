"""Searching on a page as a browser does: the words in the body, then where the answer leads."""

from __future__ import annotations

from typing import Any

from django.test import Client


def searched(client: Client, path: str, words: str, **beside: str) -> Any:
    """The page that shows what was found; beside: the other fields of the form."""
    return client.post(path, {"q": words, **beside}, follow=True)
