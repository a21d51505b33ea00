"""An authority of time on this machine: openssl answers, so that the two sides share no code."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

CONFIG = """
[req]
distinguished_name = name
prompt = no
x509_extensions = usage
[name]
CN = Authority of time of the tests
[usage]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
basicConstraints = critical,CA:TRUE
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
"""


@dataclass
class Authority:
    """answer: what is given instead of a stamp, where a test wants something else."""

    address: str
    folder: Path
    answer: bytes | None = None

    def verifies(self, token: bytes, data: bytes) -> bool:
        (self.folder / "token").write_bytes(token)
        (self.folder / "data").write_bytes(data)
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-token_in", "-in", self.folder / "token", "-data",
             self.folder / "data", "-CAfile", self.folder / "crt"],
            capture_output=True,
        )  # fmt: skip
        return done.returncode == 0


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Authority]:
    folder.mkdir()
    (folder / "cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-config",
         folder / "cnf", "-keyout", folder / "key", "-out", folder / "crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    authority = Authority("", folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            content = authority.answer if authority.answer is not None else stamp(folder, query)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    authority.address = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def stamp(folder: Path, query: bytes) -> bytes:
    (folder / "query").write_bytes(query)
    subprocess.run(
        ["openssl", "ts", "-reply", "-config", folder / "cnf", "-queryfile", folder / "query",
         "-signer", folder / "crt", "-inkey", folder / "key", "-out", folder / "reply"],
        check=True, capture_output=True,
    )  # fmt: skip
    return (folder / "reply").read_bytes()
