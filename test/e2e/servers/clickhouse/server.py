# Copyright The otelcol-arc Authors
# SPDX-License-Identifier: Apache-2.0
"""ClickHouse's HTTP interface, as much of it as its Go client needs, on the engine itself: chdb.

server.py PORT DIRECTORY
"""

import os
import re
import struct
import sys
import tempfile
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from chdb import session

engine = session.Session(sys.argv[2])
one_at_a_time = threading.Lock()


def text(value: str) -> bytes:
    encoded = value.encode()
    assert len(encoded) < 128
    return bytes([len(encoded)]) + encoded


def hello() -> bytes:
    """One row about the server, in the Native format of the revision that the client asks with. It
    then has revision 0, of which blocks have no more than the Native format itself."""
    columns = [("displayName", "String", text("chdb")), ("version", "String", text("26.9.2.1")),
               ("revision", "UInt32", struct.pack("<I", 0)), ("timezone", "String", text("UTC"))]
    block = bytes([1, 0, 2]) + struct.pack("<i", -1) + bytes([0, len(columns), 1])
    for name, kind, data in columns:
        block += text(name) + text(kind) + bytes([0]) + data
    return block


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.reply(200, b"Ok.\n")

    def do_POST(self):
        try:
            status, body = 200, self.run()
        except Exception as error:  # the engine's, as the server has it in the response
            print(error, file=sys.stderr, flush=True)
            status, body = 500, str(error).encode()
        self.reply(status, body)

    def read(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def run(self) -> bytes:
        parameters = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        body = self.read()
        query = parameters.get("query", [""])[0]
        if not query:
            query, body = body.decode(), b""
        if "displayName()" in query:
            return hello()
        insert = re.match(r"\s*(INSERT INTO\s+.*?\))\s*(VALUES|FORMAT\s+Native)\s*$", query, re.S | re.I)
        if insert and body:
            with tempfile.NamedTemporaryFile(suffix=".native") as file:
                file.write(body)
                file.flush()
                with one_at_a_time:
                    engine.query(f"{insert[1]} SELECT * FROM file('{file.name}', Native)")
            return b""
        kind = parameters.get("default_format", ["Native"])[0]
        with one_at_a_time:
            return engine.query(query, kind).bytes()

    def reply(self, status: int, body: bytes):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
