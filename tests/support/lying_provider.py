"""A provider that answers what a test wants: the right thing, and every wrong one."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from recoup.apps.members.oidc_settings import BACK, Provider
from support.provider import CLIENT_ID, HERE, NAME
from support.tokens import Maker, rsa_jwk, rsa_key

CLIENT_SECRET = "invented secret: %/+&"  # each sign of which has to be written otherwise
DISCOVERY, TOKEN, KEYS = "/.well-known/openid-configuration", "/token", "/keys"


@dataclass
class Lying:
    """said: what is given at a path instead of the right thing; asked: what the hub sent."""

    issuer: str
    said: dict[str, bytes] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    wait: float = 0.0
    asked: list[tuple[str, dict[str, str], dict[str, list[str]]]] = field(default_factory=list)

    @property
    def provider(self) -> Provider:
        return Provider(self.issuer, CLIENT_ID, CLIENT_SECRET, NAME, HERE + BACK)

    def discovery(self, **changed: Any) -> None:
        whole = {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": self.issuer + TOKEN, "jwks_uri": self.issuer + KEYS,
            "code_challenge_methods_supported": ["S256"], **changed,
        }  # fmt: skip
        self.said[DISCOVERY] = json.dumps(whole).encode()

    def token(self, maker: Maker, nonce: str, /, **changed: Any) -> None:
        made = maker.make(nonce, **changed)
        self.said[TOKEN] = json.dumps({"token_type": "Bearer", "id_token": made}).encode()


@contextlib.contextmanager
def running() -> Iterator[Lying]:
    lying: Lying

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            form = parse_qs(self.rfile.read(size).decode())
            lying.asked.append((self.path, dict(self.headers), form))
            time.sleep(lying.wait)
            content = lying.said.get(self.path, b"")
            with contextlib.suppress(OSError):
                self.send_response(lying.status.get(self.path, 200 if content else 404))
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST = answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    lying = Lying(f"http://127.0.0.1:{server.server_port}")
    lying.discovery()
    lying.said[KEYS] = json.dumps({"keys": [rsa_jwk(rsa_key())]}).encode()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield lying
    finally:
        server.shutdown()
        server.server_close()
