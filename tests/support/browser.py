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


# What WCAG 2 calls contrast, of each text that is shown: [ratio, what it needs, text, colour, background].
CONTRAST = r"""
const parse = (text) => { const n = text.match(/[\d.]+/g).map(Number); return {rgb: n.slice(0, 3), alpha: n.length > 3 ? n[3] : 1}; };
const over = (top, below) => top.rgb.map((value, i) => value * top.alpha + below[i] * (1 - top.alpha));
const light = (rgb) => rgb.map((value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
  .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
function behind(node) {
  const layers = [];
  for (; node; node = node.parentElement) {
    const layer = parse(getComputedStyle(node).backgroundColor);
    if (layer.alpha) layers.push(layer);
    if (layer.alpha === 1) break;
  }
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
}
function look(node, style, text) {
  const back = behind(node), color = over(parse(style.color), back), [a, b] = [light(color), light(back)].sort((x, y) => y - x);
  const size = parseFloat(style.fontSize), isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
  return [Math.round((a + 0.05) / (b + 0.05) * 100) / 100, isLarge ? 3 : 4.5, text, style.color, back.map(Math.round).join(",")];
}
const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let text; (text = walker.nextNode());) {
  const node = text.parentElement;
  if (text.data.trim() && node.checkVisibility({checkVisibilityCSS: true}) && !node.closest(":disabled, noscript"))
    found.push(look(node, getComputedStyle(node), text.data.trim().slice(0, 40)));
}
for (const field of document.querySelectorAll("input"))
  if (field.checkVisibility()) found.push(look(field, getComputedStyle(field, "::placeholder"), field.placeholder || field.name));
return found;
"""

# The controls that the Tab key should reach, and what has the focus: a name that tells one from the others.
CONTROLS = r"""
window.nameOf ??= (node) => {
  window.names ??= new Map();
  if (!names.has(node)) names.set(node, `${names.size} ${node.tagName} ${(node.innerText || node.id || node.name || "").slice(0, 30)}`);
  return names.get(node);
};
const within = document.querySelector("dialog[open]") ?? document.body;
return [...within.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter((node) => !node.disabled && node.checkVisibility({checkVisibilityCSS: true})).map(nameOf);
"""
FOCUS = r"""
const node = document.activeElement;
if (!node || node === document.body) return null;
const style = getComputedStyle(node), box = node.getBoundingClientRect();
return {name: nameOf(node), ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && node.matches(":focus-visible"),
  seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth};
"""
