"""Whether a paper's page is the one that its values give: set again, and compared byte for byte.

A signed paper begins with its print, and the same values give the same print. Another version of
the hub may set it differently, so that only sameness proves something.
"""

from __future__ import annotations

from recoup.apps.lawful_requests.papers.printing import Seal, printed
from recoup.apps.lawful_requests.papers.verdict import PaperVerdict
from recoup.apps.traces.voice import Voice


def is_print_of_its_values(content: bytes, verdict: PaperVerdict, *, voice: Voice) -> bool:
    """Set the values of a valid paper again. voice: of the language that they name."""
    if verdict.document is None or not verdict.is_valid:
        return False
    first = verdict.signatures[0]
    if first.claimed_at is None:
        return False
    name = verdict.document.head.sender.organisation
    for is_demo in (True, False):
        seal = Seal(name, first.person, first.role, first.claimed_at, is_demo)
        try:
            pdf = printed(verdict.document, voice=voice, seal=seal).pdf
        except (ValueError, KeyError):  # such as a time zone that does not exist
            return False
        if content.startswith(pdf):
            return True
    return False
