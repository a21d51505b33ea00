"""What may be asked of whom, on which legal basis, and by when: measures and country packs."""

from recoup.core.law.abroad import Channel, Treaty
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
from recoup.core.law.reading import (
    PackRefused,
    read_channels,
    read_measures,
    read_pack,
    read_treaty,
)
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
    "Channel",
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
    "Treaty",
    "clocks",
    "escalated_to",
    "read_channels",
    "read_measures",
    "read_pack",
    "read_treaty",
    "recall_of",
]
