"""What all stand-ins are: an HTTP server that tells its environment."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(dict(os.environ)).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """`migrate` fails where FAILS_TO says so; so does `serve`."""
    if os.environ.get("FAILS_TO") == sys.argv[1]:
        sys.exit(f"told not to {sys.argv[1]}")
    if sys.argv[1] == "serve":
        place = (os.environ["HTTP_HOST"], int(os.environ["HTTP_PORT"]))
        ThreadingHTTPServer(place, Answers).serve_forever()
