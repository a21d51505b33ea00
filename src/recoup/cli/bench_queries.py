"""Counts the queries of pages, in a process of its own that speaks to the hub's database.

`python -m recoup.cli.bench_queries '[["user", "/path"], ...]'` prints one JSON object.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Look at each page once as its reader, with the queries captured."""
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    counts = {}
    for user, path in json.loads(argv[0]):
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(get_user_model().objects.get(username=user))
        place, _, words = path.partition("?q=")
        looked_at = client.post(place, {"q": words})["Location"] if words else path
        client.get(looked_at)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(looked_at)
        if answer.status_code != 200:
            print(f"{path} gave {answer.status_code}", file=sys.stderr)
            return 1
        counts[f"{user} {path}"] = sum(1 for one in captured if is_query(one["sql"]))
    print(json.dumps(counts))
    return 0


def is_query(sql: str) -> bool:
    """Whether a statement asks for something; where a transaction begins and ends does not."""
    return not sql.upper().startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
