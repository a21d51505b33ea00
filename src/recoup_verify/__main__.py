"""Entry of `python -m recoup_verify`."""

from __future__ import annotations

import sys

from recoup_verify.cli import main

sys.exit(main(sys.argv[1:]))
