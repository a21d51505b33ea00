"""The package index that pip is set to, asked for its JSON of one version of a package.

Which index, and by which certificates, pip itself says: its configuration, its environment, or
what it would take without either. No address of an index stands here.
"""

from __future__ import annotations

import base64
import json
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from recoup.cli.weaknesses import NotAsked

SECONDS: Final = 30
MOST_BYTES: Final = 64_000_000
SAYS: Final = """
import json
from pip._internal.commands import create_command
said = create_command("download").parser.get_default_values()
print(json.dumps([said.index_url, said.cert]))
"""


class Index:
    """An index by its address as pip has it (…/simple); a name and a password in it are sent."""

    def __init__(self, address: str, certificates: str | None = None) -> None:
        parts = urlsplit(address)
        host = parts.netloc.rpartition("@")[2]
        path = parts.path.rstrip("/").removesuffix("/simple")
        self._base = urlunsplit((parts.scheme, host, path, "", ""))
        self._headers = {"Accept": "application/json", "User-Agent": "recoup-sbom"}
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=certificates)
            handlers.append(urllib.request.HTTPSHandler(context=context))
        elif parts.hostname not in ("127.0.0.1", "localhost"):
            raise NotAsked("The package index of pip is not asked by https. Change that in pip.")
        self._opener = urllib.request.build_opener(*handlers)

    def ask(self, name: str, version: str) -> Mapping[str, Any]:
        """The JSON of one version; raises NotAsked, without the index's address."""
        address = f"{self._base}/pypi/{quote(name, safe='')}/{quote(version, safe='')}/json"
        request = urllib.request.Request(address, headers=self._headers)  # noqa: S310
        try:
            with self._opener.open(request, timeout=SECONDS) as answer:
                told = json.loads(answer.read(MOST_BYTES))
        except urllib.error.HTTPError as refusal:
            why = f"it answered {refusal.code}"
        except (OSError, ValueError) as fault:
            why = type(getattr(fault, "reason", fault)).__name__
        else:
            if isinstance(told, dict):
                return told
            why = "it answered something else"
        raise NotAsked(
            f"The package index of pip does not tell of {name} {version}: {why}. Ask where it can "
            "be asked, save that with --save, and use it here with --answers."
        )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Names are written as the index compares them: it need not lead anywhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


def of_pip() -> Index:
    """The index of this machine's pip; raises NotAsked where there is no pip to ask."""
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}"
    for python in (sys.executable, str(base)):
        done = subprocess.run(
            [python, "-c", SAYS], capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode == 0:
            address, certificates = json.loads(done.stdout)
            return Index(address, certificates)
    raise NotAsked("There is no pip that says which package index to ask. Install pip.")
