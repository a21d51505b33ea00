"""`recoup demo-bank CODE`: the program of one institution of the invented country."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType

from recoup.demo.bank import DemoBank
from recoup.demo.ledger import NoLedger


def main(argv: Sequence[str]) -> int:
    """Run until asked to end; returns 1 if hub and institution disagree at the end."""
    args = _parser().parse_args(argv)
    bank = DemoBank(
        code=args.code,
        url=args.url,
        key=args.key_file.read_text(encoding="utf-8").strip(),
        path=args.data / f"{args.code}.sqlite",
        delay=args.delay,
        seed=args.seed,
        say=_say,
    )

    def end(number: int, frame: FrameType | None) -> None:
        bank.stop()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        return 1 if bank.run() else 0
    except NoLedger as missing:
        print(missing, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="recoup demo-bank", description=__doc__)
    parser.add_argument(
        "code", help="which institution, such as plum; demo/country.toml names them"
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the hub is")
    parser.add_argument("--key-file", type=Path, required=True, help="file with its API key")
    parser.add_argument("--data", type=Path, required=True, help="folder of the ledgers")
    parser.add_argument(
        "--delay", type=_delay, default=(1.0, 5.0), help="seconds an answer takes: 1-5, or 0"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random")
    return parser


def _delay(text: str) -> tuple[float, float]:
    first, _, last = text.partition("-")
    try:
        span = float(first), float(last or first)
    except ValueError:
        span = (1.0, 0.0)
    if not 0 <= span[0] <= span[1]:
        raise argparse.ArgumentTypeError(f"{text!r} is no delay. Write seconds like 1-5 or 0.")
    return span


def _say(line: str) -> None:
    print(f"{datetime.now().astimezone():%H:%M:%S} {line}", flush=True)
