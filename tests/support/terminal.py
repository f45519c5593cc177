# SPDX-License-Identifier: MIT
"""A program at a terminal: a pty with pyte's screen behind it."""
import fcntl
import html
import os
import pty
import select
import struct
import subprocess
import termios
import time

import pyte

from support.processes import PATIENCE, ROOT, wait_for

COLOURS = {"red": "#e05561", "green": "#8cc265", "brown": "#d18f52", "cyan": "#42b3c2", "default": "#d7dae0"}
BACKGROUND = "#1e2227"
NO_LEAKS = {"LSAN_OPTIONS": f"print_suppressions=0:suppressions={ROOT}/tests/support/leaks.supp"}  # those of libraries


class Terminal:
    """One program and its terminal. Ends it, whatever has happened."""

    def __init__(self, command, columns=80, lines=24, env=None, cwd=None, term="xterm-256color"):
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.written = b""
        self.master, self.slave = pty.openpty()
        self.resize(columns, lines)
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen([str(word) for word in command], stdin=self.slave, stdout=self.slave, stderr=self.slave, cwd=cwd,
                                        env={**(env or os.environ), "TERM": term, **NO_LEAKS}, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def resize(self, columns, lines):
        self.screen.resize(lines, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, seconds=0.0):
        """Takes in what has been written; waits so long for more."""
        end = time.monotonic() + seconds
        while select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
            try:
                got = os.read(self.master, 65536)
            except OSError:  # the last one has closed it
                return
            if not got:
                return
            self.written += got
            self.stream.feed(got)

    @property
    def lines(self):
        self.read()
        return [line.rstrip() for line in self.screen.display]

    @property
    def text(self):
        return "\n".join(self.lines)

    def wait(self, *texts, timeout=PATIENCE):
        """Until all of these are on the screen."""
        return wait_for(lambda: all(text in self.text for text in texts), lambda: f"{texts} in\n{self.text}", timeout)

    def wait_gone(self, text):
        return wait_for(lambda: text not in self.text, lambda: f"{text} still in\n{self.text}")

    def press(self, keys):
        os.write(self.master, keys.encode())

    def row(self, name):
        """The words of the line that begins with a name; None where there is none."""
        return next((line.split() for line in self.lines if line.split()[:1] == [name]), None)

    def wait_end(self):
        """Its exit status; what it wrote last is read."""
        wait_for(lambda: (self.read(), self.process.poll())[1] is not None, lambda: f"the end\n{self.text}")
        self.read()
        return self.process.returncode

    def is_restored(self):
        """Whether the terminal has its old modes, the first screen and a cursor."""
        return termios.tcgetattr(self.slave) == self.before and \
            self.written.count(b"\x1b[?1049h") == self.written.count(b"\x1b[?1049l") and \
            self.written.rfind(b"\x1b[?25l") <= self.written.rfind(b"\x1b[?25h")

    def svg(self):
        """What is on the screen, as text of SVG."""
        self.read()
        width, height = 8.4, 18
        columns, lines = self.screen.columns, self.screen.lines
        out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {columns * width + 16:.0f} {lines * height + 16}" '
               f'font-family="DejaVu Sans Mono, Menlo, monospace" font-size="14">',
               f'<rect width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>']
        for y in range(lines):
            x = 0
            while x < columns:
                cell, begin = self.screen.buffer[y][x], x
                style = cell._replace(data="")
                text = ""
                while x < columns and self.screen.buffer[y][x]._replace(data="") == style:
                    text += self.screen.buffer[y][x].data
                    x += 1
                out.append(self._run(begin, y, text, cell, width, height))
        return "\n".join(line for line in out if line) + "\n</svg>\n"

    @staticmethod
    def _run(x, y, text, cell, width, height):
        front = COLOURS.get(cell.fg, COLOURS["default"])
        left, top = 8 + x * width, 8 + y * height
        box = ""
        if cell.reverse:
            box = f'<rect x="{left:.1f}" y="{top}" width="{len(text) * width:.1f}" height="{height}" fill="{front}"/>'
            front = BACKGROUND
        if not text.strip():
            return box
        style = (' font-weight="bold"' if cell.bold else "") + (' text-decoration="underline"' if cell.underscore else "")
        return (f'{box}<text x="{left:.1f}" y="{top + 14}" fill="{front}"{style} xml:space="preserve" '
                f'textLength="{len(text) * width:.1f}">{html.escape(text)}</text>')
