"""Linking reports by the million: the same groups as ``link``, over arrays of numbers.

Needs the optional extra ``fast``; ``is_installed`` tells. ``coded`` numbers reports and
identifiers, ``Groups`` forms the groups, keeps the reason of every union and undoes links,
``add_up`` sums what each group lost or what is held of it.
"""

from __future__ import annotations

from recoup.core.compiled import is_installed
from recoup.core.linking.fast.coded import Coded, Names, coded

__all__ = ["Coded", "Names", "coded", "is_installed"]
