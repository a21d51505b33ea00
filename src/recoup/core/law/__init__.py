"""What may be asked of whom, on which legal basis, and by when: measures and country packs."""

from recoup.core.law.limits import Clocks, clocks, escalated_to
from recoup.core.law.pack import (
    Caps,
    EscalationStep,
    LegalBasis,
    Measure,
    MeasureRule,
    NextStep,
    Pack,
)
from recoup.core.law.reading import PackRefused, read_measures, read_pack
from recoup.core.law.recall import (
    PaymentKind,
    PaymentScheme,
    Recall,
    RecallAdvice,
    Side,
    recall_of,
)

__all__ = [
    "Caps",
    "Clocks",
    "EscalationStep",
    "LegalBasis",
    "Measure",
    "MeasureRule",
    "NextStep",
    "Pack",
    "PackRefused",
    "PaymentKind",
    "PaymentScheme",
    "Recall",
    "RecallAdvice",
    "Side",
    "clocks",
    "escalated_to",
    "read_measures",
    "read_pack",
    "recall_of",
]
