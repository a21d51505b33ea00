"""Reports that belong together: linked by what they share, with the reason, and undoable.

What bars an identifier, and why, is in ``docs/patterns.md``.
"""

from __future__ import annotations

from recoup.core.linking.because import Step, because
from recoup.core.linking.groups import Link, Linked, Reason, link
from recoup.core.linking.limits import PAIRED, Limit, Limits, Weight
from recoup.core.linking.sums import Sums, sums_of
from recoup.core.linking.told import KINDS, ROLES, Identifier, Mention, ReportsRefused, Told

__all__ = [
    "KINDS",
    "PAIRED",
    "ROLES",
    "Identifier",
    "Limit",
    "Limits",
    "Link",
    "Linked",
    "Mention",
    "Reason",
    "ReportsRefused",
    "Step",
    "Sums",
    "Told",
    "Weight",
    "because",
    "link",
    "sums_of",
]
