"""`recoup-verify log`: check a log that a hub exported.

Every leaf is hashed anew and compared with what the hub kept beside it, with the leaf before it in
its stream, and with the tree over all leaves; the tree's root must be the one of every checkpoint,
above all of those that somebody else kept. Reads the export once, from front to end; a long one in
several processes, which find the same.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from recoup_verify import blocks
from recoup_verify.findings import BAD, GOOD, CannotCheck
from recoup_verify.lines import MOST_FINDINGS, Checked, Due, Log
from recoup_verify.note import (
    COSIGNATURE,
    ED25519,
    Key,
    NotANote,
    WrongSignature,
    cosigned_at,
    decode,
    read_checkpoint,
    read_key,
)

HEAD: Final = b"recoup-log 1\n"
KEPT: Final = "kept checkpoint "
LARGE: Final = 32 << 20  # bytes of a log for which several processes are worth their start


def main(argv: Sequence[str]) -> int:
    """Check an export; says what is wrong, the first bad position before all."""
    options = _options(argv)
    key = _key(options.key)
    witnesses = [_key(given, "--witness", COSIGNATURE) for given in options.witness]
    held = [(str(path), _read(path)) for path in options.checkpoint]
    checked = check_export(
        options.export, key=key, held=held, files=options.files, witnesses=witnesses,
        processes=options.processes,
    )  # fmt: skip
    _say(checked, held=len(held))
    return BAD if checked.findings else GOOD


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="recoup-verify log", description=__doc__)
    parser.add_argument("export", type=Path, help="the folder that the hub exported")
    parser.add_argument("--key", required=True, help="the log's public key, or a file with it")
    parser.add_argument(
        "--checkpoint", type=Path, action="append", default=[],
        help="a checkpoint that you kept yourself; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--witness", action="append", default=[],
        help="the public key of a witness that must have cosigned; may be given several times",
    )  # fmt: skip
    parser.add_argument("--files", type=Path, help="a folder of files that leaves name by digest")
    parser.add_argument(
        "--processes", type=int, default=processors(),
        help="how many read a long log beside each other (%(default)s, one for each processor)",
    )  # fmt: skip
    return parser.parse_args(argv)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _key(given: str, option: str = "--key", kind: int = ED25519) -> Key:
    path = Path(given)
    try:
        return read_key(path.read_text() if len(given) < 250 and path.is_file() else given, kind)
    except (NotANote, UnicodeDecodeError) as problem:
        raise CannotCheck(f"{option}: {problem}") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise CannotCheck(f"{path} cannot be read ({problem.strerror}).") from None


def _say(checked: Checked, *, held: int) -> None:
    if not checked.findings:
        against = f"{held} of your checkpoints" if held else "NO checkpoint of yours: give one"
        root = checked.root.hex()
        print(f"all well: {checked.size} leaves, root {root}, against {against}")
        for name, (size, seconds) in checked.cosigned.items():
            moment = datetime.fromtimestamp(seconds, UTC).isoformat()
            print(f"cosigned by {name}: {size} leaves at {moment}")
        return
    first = checked.first_position
    place = first if first is not None else "none can be named"
    print(f"first bad position: {place}")
    for found in checked.findings:
        print(found)
    if checked.is_cut_short:
        print(f"... and more; the first {MOST_FINDINGS} are told")


# The check


def check_export(
    folder: Path, *, key: Key, held: Sequence[tuple[str, bytes]] = (), files: Path | None = None,
    witnesses: Sequence[Key] = (), processes: int = 1,
) -> Checked:  # fmt: skip
    """Check a folder with `log`, `checkpoint` and `checkpoints`; raises CannotCheck.

    held: checkpoints kept outside, each with a name for it. witnesses: who must have cosigned.
    processes: how many read it if it is long.
    """
    newest = _read(folder / "checkpoint")
    kept = _read(folder / "checkpoints")
    try:
        stream = (folder / "log").open("rb")
    except OSError as problem:
        raise CannotCheck(f"{folder / 'log'} cannot be read ({problem.strerror}).") from None
    with stream:
        is_long = os.fstat(stream.fileno()).st_size >= LARGE
        return check_log(stream, key=key, newest=newest, kept=kept, held=held, files=files,
                         witnesses=witnesses, processes=processes if is_long else 1)  # fmt: skip


def check_log(
    stream: BinaryIO, *, key: Key, newest: bytes, kept: bytes = b"",
    held: Sequence[tuple[str, bytes]] = (), files: Path | None = None,
    witnesses: Sequence[Key] = (), processes: int = 1,
) -> Checked:  # fmt: skip
    """Check the lines of a log against all checkpoints there are."""
    log = Log(files)
    notes = [("your " + name, note) for name, note in held]
    notes += [*_lines_of(kept, log), ("the newest checkpoint", newest)]
    due = _due(notes, key, log)
    for witness in witnesses:
        _look_for(witness, due, log)
    if stream.readline(100) != HEAD:
        raise CannotCheck("This is no log: it does not begin with 'recoup-log 1'.")
    log.compare(due)
    # Files lie on one disk: who has them compared reads line by line.
    alone = processes < 2 or files is not None
    for line in stream if alone else blocks.take_in(log, stream, due, processes):
        log.line(line)
        if due and due[-1].checkpoint.size <= log.size:
            log.compare(due)
    log.end(due)
    return log.checked


def _lines_of(kept: bytes, log: Log) -> Iterator[tuple[str, bytes]]:
    """The checkpoints that the hub kept itself: one on a line, its size and base64."""
    for number, line in enumerate(kept.split(b"\n")[:-1], 1):
        size, _, note = line.partition(b"\t")
        try:
            what = f"{KEPT}{size[:20].decode('ascii')}"
            yield what, decode(note.decode("ascii"), "it")
        except (NotANote, UnicodeDecodeError):
            log.tell("checkpoint", f"line {number} of the kept checkpoints cannot be read")
    if kept and not kept.endswith(b"\n"):
        log.tell("checkpoint", "the list of kept checkpoints ends in the middle of a line")


def _due(notes: list[tuple[str, bytes]], key: Key, log: Log) -> list[Due]:
    """The checkpoints that the key signed, the smallest last."""
    due = []
    for what, note in notes:
        try:
            checkpoint = read_checkpoint(note, key)
            if what.startswith(KEPT) and what != f"{KEPT}{checkpoint.size}":
                raise NotANote(f"it is of {checkpoint.size} leaves")
            due.append(Due(checkpoint, what, note))
        except (NotANote, WrongSignature) as problem:
            log.tell("signature", f"{what}: {problem}")
    return sorted(due, key=lambda one: one.checkpoint.size, reverse=True)


def _look_for(witness: Key, due: list[Due], log: Log) -> None:
    """What a witness cosigned of the log's own checkpoints; a line of its that does not fit."""
    for one in due:
        try:
            seconds = cosigned_at(one.note, witness)
        except (NotANote, WrongSignature) as problem:
            log.tell("cosignature", f"{one.what}: {problem}")
            continue
        if seconds is not None:
            log.checked.cosigned.setdefault(witness.name, (one.checkpoint.size, seconds))
    if witness.name not in log.checked.cosigned:
        log.tell("cosignature", f"{witness.name} cosigned no checkpoint of this log")
