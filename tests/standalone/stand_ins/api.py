"""Answers 200 to everything; says what it was told, and when it is stopped."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/ready" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


def stopped(*_):
    print("was asked to stop")
    sys.exit()


signal.signal(signal.SIGTERM, stopped)
server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print(os.environ["FP_REDIS_URL"], os.environ["FP_STATE_DIR"], os.environ["STAND_IN"])
server.serve_forever()
