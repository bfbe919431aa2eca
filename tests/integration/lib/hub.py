# hub.py - a model hub on loopback: `hub.py FOLDER PORT_FILE` serves FOLDER/owner/name/FILE as
# /owner/name/resolve/REVISION/FILE, with ranges, and with the tags that get-model.sh checks. With a
# third argument, `plain`, it serves FOLDER/PATH as /PATH. It prints what it is asked for. Files of a
# folder `gated` want the token `opensesame`; the first answer with a file `broken-off.*` stops in
# the middle; `tampered.*` is not what its tag says.
# SPDX-License-Identifier: Apache-2.0
import hashlib
import http.server
import os
import sys


def tag(name, data):
    """Large files have their SHA-256, others git's blob hash."""
    if name.startswith("tampered"):
        return "X-Linked-ETag", "0" * 64
    if name.endswith((".safetensors", ".gguf")):
        return "X-Linked-ETag", hashlib.sha256(data).hexdigest()
    return "ETag", hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Hub(http.server.BaseHTTPRequestHandler):
    broken_off = set()

    def find(self):
        """The owner, the revision, the file's name and its place below FOLDER."""
        if sys.argv[3:] == ["plain"]:
            path = self.path.strip("/")
            return "", "", os.path.basename(path), path
        owner, model, _, revision, name = self.path.strip("/").split("/", 4)
        return owner, revision, name, os.path.join(owner, model, name)

    def answer(self, with_body):
        owner, revision, name, path = self.find()
        where = self.headers.get("Range", "")
        print(self.command, revision, name, where, flush=True)
        if owner == "gated" and self.headers.get("Authorization") != "Bearer opensesame":
            return self.send_error(401)
        try:
            with open(os.path.join(sys.argv[1], path), "rb") as file:
                data = file.read()
        except OSError:
            return self.send_error(404)
        start = int(where[len("bytes="):-1]) if where else 0
        if start and start >= len(data):
            return self.send_error(416)
        self.send_response(206 if where else 200)
        key, value = tag(name, data)
        self.send_header(key, f'"{value}"')
        self.send_header("Content-Length", len(data) - start)
        if where:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        if not with_body:
            return None
        if name.startswith("broken-off") and name not in self.broken_off:
            self.broken_off.add(name)
            data = data[: len(data) // 2]
        self.wfile.write(data[start:])
        return None

    def do_GET(self):
        self.answer(True)

    def do_HEAD(self):
        self.answer(False)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Hub)
with open(sys.argv[2], "w") as port:
    print(server.server_port, file=port)
server.serve_forever()
