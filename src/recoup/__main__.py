"""Entry of `python -m recoup`: hands the arguments to the commands in `recoup.cli`."""

from __future__ import annotations

import sys

from recoup.cli.main import main

sys.exit(main(sys.argv[1:]))
