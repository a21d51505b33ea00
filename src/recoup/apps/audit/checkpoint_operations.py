"""Has the tree's root signed, and keeps the signed checkpoint.

The key is with another process. It gets the root with the proof that this log continues the one it
signed last, and refuses anything else; so a log that was rewritten or restored gets no signature.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from recoup.apps.audit import sequence_operations
from recoup.apps.audit.models import AuditCheckpoint, AuditTrouble
from recoup.core.checkpoints import Wanted
from recoup.core.merkle import consistency

SIGNER = "signer"


Ask = Callable[[Wanted], bytes]


def make_checkpoint(*, ask: Ask, last: Callable[[], int], at: datetime) -> AuditCheckpoint | None:
    """Have the present root signed and keep it; None if the newest checkpoint has it already.

    last: asks the signer for the size that it signed last. Raises NotSigned.
    """
    size = sequence_operations.last_place()
    if size == 0 or AuditCheckpoint.objects.filter(size=size).exists():
        return None
    tree = sequence_operations.tree_of(size)
    old = last()
    proof = consistency(old, size, sequence_operations.node) if old <= size else []
    note = ask(Wanted(size, tree.root(), proof))
    return AuditCheckpoint.objects.create(size=size, root=tree.root(), note=note, signed_at=at)


def note_trouble(name: str, said: str, *, at: datetime) -> None:
    """Remember why somebody does not answer, and since when."""
    with transaction.atomic():
        found, is_new = AuditTrouble.objects.get_or_create(
            name=name, defaults={"said": said, "since": at, "tried_at": at}
        )
        if not is_new:
            found.said, found.tried_at = said, at
            found.save(update_fields=["said", "tried_at"])


def forget_trouble(name: str) -> None:
    AuditTrouble.objects.filter(name=name).delete()
