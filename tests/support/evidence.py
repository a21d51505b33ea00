"""Files of a case as tests bring them into the vault, piece by piece."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from recoup.apps.cases.models import Case
from recoup.apps.evidence import queries, reading_operations, upload_operations
from recoup.apps.evidence.models import CustodyEvent, EvidenceFile
from recoup.apps.evidence.refusals import REFUSALS
from recoup.apps.evidence.upload_operations import NewFile, Stamper
from recoup.core.access import Actor
from support.roles import as_owner
from support.world import OFFICER, World, iban

MIB = 1024 * 1024
SAID = {"why": "Named in the report", "given_by": "Vera Invented", "place": "Desk 4"}


def content_of(size: int, *, seed: int = 1) -> bytes:
    """Bytes that do not repeat within a chunk, the same for the same seed."""
    block = b"".join(hashlib.sha256(f"{seed}:{n}".encode()).digest() for n in range(4096))
    return (block * (size // len(block) + 1))[:size]


@dataclass
class Vault:
    """A case with its officer; what tests do with files of it."""

    world: World
    case: Case
    login: str = OFFICER
    _actor: list[Actor] = field(default_factory=list)

    @property
    def by(self) -> Actor:
        if not self._actor:
            self._actor.append(self.world.actor(self.login))
        return self._actor[0]

    def do(self, operation: Any, *, by: Actor | None = None, **given: Any) -> Any:
        """Do an act as a page does: a refusal is answered, and its line committed."""
        with self.world.acting(by or self.by) as at:
            try:
                return operation(**given, by=by or self.by, at=at)
            except REFUSALS as refusal:
                kept = refusal
        raise kept

    def begin(self, size: int, *, by: Actor | None = None, **changed: Any) -> EvidenceFile:
        new: dict[str, Any] = {
            "name": "izvod.pdf", "media_type": "application/pdf", "what": "A statement",
            "size": size, "keep_until": date(2036, 1, 1),
        }  # fmt: skip
        return self.do(
            upload_operations.begin, by=by, case_id=self.case.pk, file=NewFile(**new | changed),
            said=SAID,
        )  # fmt: skip

    def piece(self, file: EvidenceFile, number: int, content: bytes, **given: Any) -> None:
        self.do(
            upload_operations.add_piece, file_id=file.pk, number=number,
            content=io.BytesIO(content), length=len(content), **given,
        )  # fmt: skip

    def pieces(self, file: EvidenceFile, content: bytes) -> list[bytes]:
        return [content[at : at + file.piece_bytes]
                for at in range(0, len(content), file.piece_bytes)]  # fmt: skip

    def finish(self, file: EvidenceFile, stamp: Stamper | None = None) -> EvidenceFile:
        return self.do(upload_operations.finish, file_id=file.pk, stamp=stamp)

    def keep(self, content: bytes, *, stamp: Stamper | None = None, **changed: Any) -> EvidenceFile:
        """A file that is in the vault."""
        file = self.begin(len(content), **changed)
        for number, part in enumerate(self.pieces(file, content)):
            self.piece(file, number, part)
        return self.finish(file, stamp)

    def read(self, file_id: UUID, *, why: str = "To see it", by: Actor | None = None) -> bytes:
        _, opened = self.do(reading_operations.read, by=by, file_id=file_id, why=why)
        assert opened is not None, "the alarm was raised"
        return b"".join(opened.chunks())

    def now(self, file: EvidenceFile | str) -> EvidenceFile:
        with self.world.acting(self.by):
            return EvidenceFile.objects.get(pk=getattr(file, "pk", file))

    def events(self, file: EvidenceFile) -> list[CustodyEvent]:
        with self.world.acting(self.by):
            return list(queries.events_of([file.pk]))


def vault_of(world: World) -> Vault:
    """A case of a report that was planned, whose police is the officer's."""
    filed = world.report(payer=iban("plum", 10001), payee=iban("quince", 20001), amount=500_00)
    world.plan()
    return Vault(world, world.case_of(filed))


def expired(file_id: object) -> None:
    """Let the term of a file have ended, as no role of the hub could."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table evidence_evidencefile disable trigger user")
        cursor.execute(
            "update evidence_evidencefile set keep_until = current_date - 1 where id = %s",
            [file_id],
        )
        cursor.execute("alter table evidence_evidencefile enable trigger user")


def tomorrow(at: Any) -> date:
    return (at + timedelta(days=1)).date()
