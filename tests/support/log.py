"""The log in tests: a signer with a key of its own, places, checkpoints, an export."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from recoup.apps.audit import checkpoint_operations, queries, sequence_operations
from recoup.apps.audit.models import AuditCheckpoint
from recoup.apps.audit.sequence_operations import Order
from recoup.cli import log_signer
from recoup.cli.log import write
from recoup.cli.log_signer import Signer
from recoup.core.checkpoints import NotSigned, Wanted, verifier_key
from support.roles import as_planner

ORIGIN = "test.invalid/log"


@dataclass
class Log:
    """folder: where the key is, and where exports go."""

    folder: Path
    order: Order = field(default_factory=Order)
    _signer: Signer | None = None

    @property
    def signer(self) -> Signer:
        if self._signer is None:
            self._signer = log_signer.open_signer(self.folder / "signer", ORIGIN)
        return self._signer

    @property
    def key(self) -> str:
        return verifier_key(ORIGIN, self.signer.public)

    def place(self) -> int:
        with as_planner():
            return sequence_operations.place_waiting(self.order).count

    def checkpoint(self, at: datetime) -> AuditCheckpoint | None:
        """Place what waits and have it signed."""
        self.place()
        with as_planner():
            return checkpoint_operations.make_checkpoint(
                ask=self.sign, last=lambda: self.signer.size, at=at
            )

    def sign(self, wanted: Wanted) -> bytes:
        try:
            return self.signer.sign(wanted.size, wanted.root, wanted.proof)
        except log_signer.Refused as refusal:
            raise NotSigned(str(refusal)) from None

    def export(self, name: str = "export") -> Path:
        folder = self.folder / name
        folder.mkdir()
        with as_planner():
            newest = queries.newest()
            assert newest is not None
            write(folder / "log", queries.lines())
            write(folder / "checkpoints", queries.notes())
            write(folder / "checkpoint", [bytes(newest.note)])
        return folder
