# SPDX-License-Identifier: MIT
"""A real headless Chromium, driven over the WebDriver protocol."""
import base64
import json
import os
import pathlib
import re
import subprocess
import tempfile
import urllib.error
import urllib.request

from support.processes import PATIENCE, descendants_of, wait_for

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One window. Credentials go into the URL, as a person would type them."""

    def __init__(self, width=1280, height=900, dark=False):
        self.profile = tempfile.TemporaryDirectory(prefix="muster-browser-", ignore_cleanup_errors=True)
        environment = {**os.environ, "HOME": self.profile.name}
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       text=True, env=environment)
        try:
            self.base = f"http://127.0.0.1:{self.read_port()}"
            arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                         "--disable-extensions", "--disable-background-networking", "--disable-component-update",
                         "--force-color-profile=srgb", "--hide-scrollbars", f"--user-data-dir={self.profile.name}/profile",
                         f"--window-size={width},{height}"]
            if dark:
                arguments.append("--blink-settings=preferredColorScheme=0")
            options = {"goog:chromeOptions": {"args": arguments, "binary": "/usr/bin/chromium"},
                       "goog:loggingPrefs": {"browser": "ALL"}}
            self.session = self.base + "/session/" + self.call("POST", self.base + "/session", {
                "capabilities": {"alwaysMatch": options}})["sessionId"]
            self.device(width, height)
        except BaseException:
            self.end()
            raise

    def read_port(self):
        for line in self.driver.stdout:
            if found := re.search(r"successfully on port (\d+)", line):
                return int(found[1])
        raise AssertionError("chromedriver has not started")

    def call(self, method, url, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE * 2) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from None

    def command(self, path, body=None):
        return self.call("POST", f"{self.session}/{path}", body or {})

    def devtools(self, name, **params):
        return self.command("goog/cdp/execute", {"cmd": name, "params": params})

    def device(self, width, height, dark=None, mobile=False):
        """The size of the page, and what the system prefers."""
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        if dark is not None:
            self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, url):
        self.command("url", {"url": url})

    def run(self, script, *arguments):
        return self.command("execute/sync", {"script": script, "args": list(arguments)})

    def text(self, selector="main"):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((node) => node.innerText)", selector)

    def rows(self):
        """What the table shows, by the keys of its rows: the texts of the cells."""
        return self.run("return Object.fromEntries([...document.querySelectorAll('.tbody .tr')].map((row) => "
                        "[row.dataset.key, [...row.children].filter((cell) => cell.offsetParent).map((cell) => cell.innerText)]))")

    def count(self, selector):
        return self.run("return document.querySelectorAll(arguments[0]).length", selector)

    def wait_text(self, wanted, selector="main"):
        return wait_for(lambda: wanted in (shown := self.text(selector)) and shown, lambda: f"{wanted!r} in {self.text(selector)!r}\n{self.log()}")

    def click(self, text, within="body"):
        """The button or link with exactly this text, once it is there."""
        script = ("const found = [...document.querySelectorAll(`${arguments[0]} :is(button, a)`)].find((node) => node.innerText.trim() === "
                  "arguments[1] && node.offsetParent); found?.click(); return Boolean(found)")
        wait_for(lambda: self.run(script, within, text), lambda: f"a button {text} in {within}: {self.text(within)}")

    def key(self, *keys):
        actions = [step for key in keys for step in ({"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})]
        self.command("actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def log(self):
        """What the console has said since it was read last."""
        return self.command("se/log", {"type": "browser"})

    def picture(self, path):
        pathlib.Path(path).write_bytes(base64.b64decode(self.call("GET", f"{self.session}/screenshot")))

    def end(self):
        """Chromium does not always go with its driver."""
        started = descendants_of(self.driver.pid)
        if hasattr(self, "session"):
            try:
                self.call("DELETE", self.session)
            except (AssertionError, OSError):
                pass
        self.driver.terminate()
        self.driver.wait(PATIENCE)
        self.driver.stdout.close()
        for pid in started:
            try:
                if self.profile.name in pathlib.Path(f"/proc/{pid}/cmdline").read_text():
                    os.kill(pid, 9)
            except (FileNotFoundError, ProcessLookupError):
                pass
        self.profile.cleanup()
