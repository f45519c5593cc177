# SPDX-License-Identifier: MIT
"""What stands between a client and a server on Unix sockets."""
import contextlib
import socket
import threading


class Proxy:
    """Between a client and a server; it can lose what the server answers."""

    def __init__(self, server, path):
        self.server = server
        self.path = path
        self.losing = 0  # so many answers are swallowed, and their connections closed
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                upstream = self.server.connect()
                threading.Thread(target=self.forward, args=(client, upstream), daemon=True).start()
                threading.Thread(target=self.answer, args=(upstream, client), daemon=True).start()

    def forward(self, client, upstream):
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                upstream.sendall(data)
            upstream.shutdown(socket.SHUT_WR)

    def answer(self, upstream, client):
        with contextlib.suppress(OSError):
            while data := upstream.recv(65536):
                if self.losing > 0:
                    self.losing -= 1
                    break
                client.sendall(data)
        for end in (client, upstream):  # close() alone would wait for the other thread
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self):
        self.listener.close()
