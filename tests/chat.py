"""A chat's web hook on this machine, which keeps what it is sent."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "s3cr3t-topic"


@dataclass
class Chat:
    """A web hook on this machine, and what it was sent."""

    url: str = ""
    status: int = 200
    heard: list[tuple[str, str, str]] = field(default_factory=list)  # path, type, body


@contextmanager
def listening() -> Iterator[Chat]:
    """Yield a hook that listens."""
    chat = Chat()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            chat.heard.append((self.path, self.headers["Content-Type"], body))
            self.send_response(chat.status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        chat.url = f"http://127.0.0.1:{server.server_port}/{SECRET}"
        yield chat
        server.shutdown()
