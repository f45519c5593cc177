# SPDX-License-Identifier: MIT
"""The dashboard in a real browser: what it shows is what the interface says, and what it does is done."""
import gzip
import json
import re
import subprocess
import sys
import urllib.parse

import pytest

from support.browser import CONTRAST, CONTROLS, FOCUS, Browser
from support.http import Daemon, basic, free_port
from support.processes import PROGRAMS, ROOT, wait_for

FILES = ROOT / "supervisor" / "control" / "dashboard"
HANDLER = ROOT / "tests" / "support" / "handlers" / "handler.py"
HOSTILE = "<img src=x onerror=\"window.hit=1\"><script>window.hit=1</script>&amp;'\"`${1}"
ENTER, ESCAPE, TAB = "\ue007", "\ue00c", "\ue004"
SECTIONS = ["overview", "queues", "workers", "programs", "failed", "batches", "scaling", "alerts", "audit"]


class Site(Daemon):
    """A daemon that a browser can look at."""

    def begin(self, more):
        self.port = free_port()
        self.configure(f"{more}\n[monitoring]\nmetrics_interval = 1s\n[inet_http_server]\nport = 127.0.0.1:{self.port}\n"
                       "username = ann\npassword = secret\nreader = bob\nreader_password = look\n")
        self.start()
        self.wait_store()
        return self

    def muster(self, *arguments, input=None):
        """The answer of a command."""
        done = subprocess.run([PROGRAMS / "muster", "-c", self.config, *arguments, "--json"], input=input, capture_output=True, text=True,
                              check=True, env=self.environment)
        return json.loads(done.stdout)

    def url(self, page="", user="ann:secret"):
        return f"http://{user}@127.0.0.1:{self.port}/#/{page}"


@pytest.fixture(scope="module")
def window():
    window = Browser()
    yield window
    window.end()


@pytest.fixture
def browser(window):
    window.device(1280, 900, dark=False)
    window.open("about:blank")
    window.log()
    yield window
    assert window.log() == []


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("site"))
    site.begin("[program:web]\ncommand = sleep 600\nstartsecs = 0\n"
               "[program:talker]\ncommand = sh -c 'while :; do echo \"line <b>$((n=n+1))</b>\"; sleep 0.1; done'\nstartsecs = 0\n"
               "[program:done]\ncommand = sh -c 'exit 3'\nautorestart = false\nstartsecs = 0\n")
    for number in range(6):
        site.post("/queues/broken/jobs", {"job": "Mail", "max_attempts": 1, "data": number})
    wait_for(lambda: len(site.get("/failed")["failed"]) == 6, "the failures")
    yield site
    site.end()


def open_page(browser, site, page, title, user="ann:secret"):
    browser.open("about:blank")
    browser.open(site.url(page, user))
    browser.wait_text(title, "main h1")


def figures(row):
    metrics = row["metrics"]
    return [str(metrics[name]) for name in ("ready", "reserved", "delayed", "failed")] + [f"{row['running']}/{row['wanted']}"]


def test_queues_are_what_the_interface_says(browser, site):
    site.post("/queues/mails/jobs", {"job": "Mail"})
    site.post("/queues/mails/jobs", {"job": "Mail", "delay": 1000})
    open_page(browser, site, "queues", "Queues")

    def agrees():
        told = {row["queue"]: figures(row) for row in site.get("/overview")["queues"]}
        shown = {queue: cells[2:6] + cells[-2:-1] for queue, cells in browser.rows().items()}
        return told == shown and told["mails"][:3] == ["1", "0", "1"]
    wait_for(agrees, lambda: f"{browser.rows()} to be {site.get('/overview')['queues']}")
    site.post("/queues/mails/purge")


def test_programs_and_workers_are_what_the_interface_says(browser, site):
    open_page(browser, site, "programs", "Programs")
    wait_for(lambda: {name: cells[1] for name, cells in browser.rows().items()} ==
             {row["name"]: row["state"] for row in site.get("/overview")["programs"]} , lambda: browser.rows())
    wait_for(lambda: (done := browser.rows()["done"])[1] == "EXITED" and "exit code 3" in done[4], lambda: browser.rows())
    open_page(browser, site, "workers", "Workers")
    wait_for(lambda: sorted(cells[1] for cells in browser.rows().values()) ==
             sorted(row["id"] for row in site.get("/workers")["workers"]), lambda: browser.rows())


def test_pause_and_resume(browser, site):
    open_page(browser, site, "queues/quick", "Queues")
    browser.click("Pause", "#drawer")
    wait_for(lambda: [row["queue"] for row in site.get("/pauses")["pauses"]] == ["quick"], "the pause")
    browser.wait_text("paused", "#drawer .badge")
    browser.click("Resume", "#drawer")
    wait_for(lambda: site.get("/pauses")["pauses"] == [], "the end of the pause")


def test_scale(browser, site):
    open_page(browser, site, "queues", "Queues")
    browser.run("[...document.querySelectorAll('.tbody .tr')].find((row) => row.dataset.key === 'quick').focus()")
    browser.key("s")
    browser.wait_text("Scale quick", "dialog")
    browser.run("document.querySelector('dialog [name=workers]').value = 3; document.querySelector('dialog [name=reason]').value = arguments[0]", HOSTILE)
    browser.key(ENTER)
    wait_for(lambda: len(site.running("quick")) == 3, "three workers")
    wait_for(lambda: browser.rows()["quick"][-2] == "3/3", lambda: browser.rows())
    open_page(browser, site, "scaling", "Scaling")
    wait_for(lambda: any("1 → 3" in cells and HOSTILE in cells for cells in browser.rows().values()), lambda: browser.rows())
    site.post("/queues/quick/scale", {"workers": 1})


def test_start_stop_and_restart(browser, site):
    state = lambda: next(row for row in site.get("/overview")["programs"] if row["name"] == "web")
    open_page(browser, site, "log/web", "Programs")
    before = state()["pid"]
    browser.click("Restart", "#drawer")
    wait_for(lambda: state()["state"] == "RUNNING" and state()["pid"] != before, "another process")
    browser.click("Stop", "#drawer")
    browser.click("Stop", "dialog")
    browser.wait_text("STOPPED", "#drawer .badge")
    assert state()["state"] == "STOPPED"
    browser.click("Start", "#drawer")
    browser.wait_text("RUNNING", "#drawer .badge")
    wait_for(lambda: {row["action"] for row in site.get("/audit")["audit"]} >= {"programs-start", "programs-stop", "programs-restart"}, "the audit")


def test_a_log_as_it_is_written(browser, site):
    open_page(browser, site, "log/talker", "Programs")
    first = browser.wait_text("</b>", "pre.log")
    wait_for(lambda: len(browser.text("pre.log")) > len(first), "more lines")
    assert "line <b>" in first and browser.count("pre.log b") == 0
    browser.key(ESCAPE)
    wait_for(lambda: browser.run("return document.getElementById('drawer').hidden"), "the drawer to close")


def test_failed_jobs_by_their_error(browser, site):
    open_page(browser, site, "failed", "Failed")
    rows = wait_for(lambda: (now := browser.rows()) and list(now.values()), "the group")
    assert len(rows) == 1 and rows[0][0].startswith("Mail") and rows[0][1] == "6"
    before = {row["uuid"]: row["failed_at"] for row in site.get("/failed")["failed"]}
    browser.click("Retry", "main")
    wait_for(lambda: (now := {row["uuid"]: row["failed_at"] for row in site.get("/failed")["failed"]}).keys() == before.keys() and
             all(now[uuid] > before[uuid] for uuid in now), "all of them to fail again")
    wait_for(lambda: browser.rows() and list(browser.rows().values())[0][1] == "6", lambda: browser.rows())
    browser.click("Forget", "main")
    browser.click("Forget", "dialog")
    wait_for(lambda: site.get("/failed")["failed"] == [], "no failed jobs")
    browser.wait_text("No failed jobs")


def test_batches_and_alerts(browser, site):
    jobs = "".join(json.dumps({"job": "Mail", "data": number}) + "\n" for number in range(4))
    uuid = site.muster("batch:create", HOSTILE, "--queue=mails", "--jobs=-", input=jobs)["batch_uuid"]
    open_page(browser, site, "batches", "Batches")
    cells = wait_for(lambda: browser.rows().get(uuid), lambda: browser.rows())
    told = site.get(f"/batches?uuid={uuid}")["batches"][0]
    assert cells[:2] == [HOSTILE, told["state"]] and "0 of 4" in cells[2]
    browser.click("Cancel", "main")
    browser.click("Cancel the batch", "dialog")
    wait_for(lambda: browser.rows()[uuid][1] == "cancelled", lambda: browser.rows())
    assert site.get(f"/batches?uuid={uuid}")["batches"][0]["state"] == "cancelled"
    open_page(browser, site, "alerts", "Alerts")
    wait_for(lambda: sorted(cells[-1] for cells in browser.rows().values()) ==
             sorted(row["message"] for row in site.get("/alerts")["history"]), lambda: browser.rows())


def test_failed_jobs_older_than_a_page(browser, tmp_path):
    """The newest thousand at first, and more when they are asked for."""
    count = 1003
    site = Site(tmp_path)
    site.begin(f"[queue:refused]\nhandler = persistent\ncommand = {sys.executable} {HANDLER}\n")
    try:
        open_page(browser, site, "failed", "Failed")
        browser.wait_text("No failed jobs")
        job = json.dumps({"job": "Mail", "queue": "refused", "data": {"do": "fail"}, "max_attempts": 1}) + "\n"
        site.muster("queue:bulk", "-", input=job * count)
        refused = lambda: next(row for row in site.get("/queues")["queues"] if row["queue"] == "refused")
        wait_for(lambda: refused()["failed"] == count, refused)
        open_page(browser, site, "failed", "Failed")
        browser.wait_text("1,000 jobs of 1 kind, the newest")
        browser.click("Load 1,000 older", "main")
        browser.wait_text(f"{count:,} jobs of 1 kind")
        wait_for(lambda: "Load 1,000 older" not in browser.texts("main button:not([hidden])"), lambda: browser.text())
        browser.click("Forget", "main")
        browser.click("Forget", "dialog")
        browser.wait_text("No failed jobs")
        assert site.get("/failed")["failed"] == []
    finally:
        browser.open("about:blank")
        site.end()


def test_every_section_by_its_key_and_nothing_in_the_console(browser, site):
    open_page(browser, site, "overview", "Overview")
    browser.wait_text("live", "#link")
    for number, name in enumerate(SECTIONS, 1):
        browser.key(str(number))
        wait_for(lambda: browser.run("return location.hash") == f"#/{name}", lambda: browser.run("return location.hash"))
        wait_for(lambda: browser.run("return document.querySelector('nav [aria-current]')?.hash") == f"#/{name}",
                 lambda: browser.run("return document.querySelector('nav').innerHTML"))
        wait_for(lambda: browser.text("main h1"), "a title")
    browser.key("?")
    browser.wait_text("light or dark", "dialog")
    browser.key(ESCAPE)
    browser.key("t")
    wait_for(lambda: browser.run("return document.documentElement.dataset.theme") == "dark", "the dark theme")
    browser.key("t")


def test_readers_look_and_no_more(browser, site):
    open_page(browser, site, "queues", "Queues", user="bob:look")
    wait_for(browser.rows, "rows")
    for page, title in (("queues", "Queues"), ("programs", "Programs"), ("failed", "Failed"), ("scaling", "Scaling")):
        open_page(browser, site, page, title, user="bob:look")
        words = set(browser.texts("main button"))
        assert not words & {"Pause", "Resume", "Pause all", "Scale", "Start", "Stop", "Restart", "Retry", "Forget", "Switch on"}, words
    status = browser.run("return fetch(location.origin + '/api/v1/reload', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'})"
                         ".then((answer) => answer.status)")
    assert status == 403
    wait_for(lambda: any("403" in entry["message"] for entry in browser.log()), "the refusal in the console")


def test_hostile_names_errors_and_jobs_are_text(browser, tmp_path):
    site = Site(tmp_path)
    site.begin("[program:x<b>y]\ncommand = sh -c 'echo \"<script>window.hit=1</script>\"; sleep 600'\nstartsecs = 0\n"
               "[program:gone]\ncommand = /no/<i>such</i>\nstartretries = 0\n"
               "[queue:evil]\ncommand = sh -c 'echo \"<img src=x onerror=window.hit=1>\" >&2; exit 65'\n")
    try:
        site.post("/queues/evil/jobs", {"job": HOSTILE, "max_attempts": 1, "data": HOSTILE})
        wait_for(lambda: site.get("/failed")["failed"], "the failure")
        site.post("/queues/evil/scale", {"workers": 2, "reason": HOSTILE})
        for page in [*SECTIONS, "log/" + urllib.parse.quote("x<b>y"), "log/%00%", "queues/" + urllib.parse.quote(HOSTILE)]:
            open_page(browser, site, page, "")
            wait_for(lambda: browser.count("main h1"), "the page")
        open_page(browser, site, "failed", "Failed")
        wait_for(browser.rows, "the group")
        assert HOSTILE in list(browser.rows().values())[0][0]
        browser.run("document.querySelector('.tbody .tr').click()")
        browser.wait_text("window.hit=1", "#drawer")
        open_page(browser, site, "log/" + urllib.parse.quote("x<b>y"), "Programs")
        browser.wait_text("<script>window.hit=1</script>", "pre.log")
        assert browser.run("return window.hit") is None
        assert browser.count("main img, main script, main b, main i, #drawer img, #drawer script") == 0
    finally:
        browser.open("about:blank")
        site.end()


def test_a_thousand_programs(browser, tmp_path):
    site = Site(tmp_path)
    try:
        site.begin("[program:many]\ncommand = sleep 600\nnumprocs = 1000\nprocess_name = p%(process_num)04d\nautostart = false\n")
        open_page(browser, site, "programs", "Programs")
        browser.wait_text("1,000 programs")
        assert browser.count(".tbody .tr") < 60
        assert browser.run("return document.querySelector('.tbody').offsetHeight") == 44000
        browser.run("scrollTo(0, 1e6)")
        wait_for(lambda: "many:p0999" in browser.rows(), lambda: list(browser.rows()))
        browser.run("const field = document.getElementById('search'); field.value = 'p0500'; field.dispatchEvent(new Event('input'))")
        wait_for(lambda: list(browser.rows()) == ["many:p0500"], lambda: list(browser.rows()))
        browser.run("document.querySelector('.tbody .tr').focus()")
        browser.key("s")
        wait_for(lambda: browser.rows()["many:p0500"][1] in ("STARTING", "RUNNING"), lambda: browser.rows())
    finally:
        browser.open("about:blank")
        site.end()


# For everybody: colours, and without a mouse

@pytest.fixture(scope="module")
def eventful(tmp_path_factory):
    """A site with something to show of every kind."""
    site = Site(tmp_path_factory.mktemp("eventful"))
    site.begin("[program:web]\ncommand = sleep 600\nstartsecs = 0\n[program:done]\ncommand = sh -c 'exit 3'\nautorestart = false\nstartsecs = 0\n"
               "[program:gone]\ncommand = /no/such\nstartretries = 0\n[program:idle]\ncommand = sleep 600\nautostart = false\n"
               "[monitoring]\nalert_interval = 100ms\nalert_queue_size = 2\n")
    site.post("/queues/broken/jobs", {"job": "Mail", "max_attempts": 1})
    site.post("/queues/mails/pause", {})
    for _ in range(3):
        site.post("/queues/mails/jobs", {"job": "Mail"})
    site.post("/queues/quick/scale", {"workers": 2, "reason": "more work"})
    site.call("POST", "/api/v1/queues/nowhere/scale", {"workers": 2})
    site.muster("batch:create", "Newsletter", "--queue=mails", "--jobs=-", input=json.dumps({"job": "Mail"}) + "\n")
    wait_for(lambda: site.get("/failed")["failed"] and site.get("/overview")["alerts"], "a failure and an alert")
    yield site
    site.end()


def open_row(browser):
    """The drawer of the first row."""
    wait_for(browser.rows, "rows")
    browser.run("document.querySelector('.tbody .tr').focus()")
    browser.key(ENTER)
    wait_for(lambda: browser.count("#drawer:not([hidden])"), "the drawer")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_texts_can_be_read(browser, eventful, dark):
    """WCAG AA: 4.5 to 1, and 3 to 1 for large ones."""
    browser.device(1280, 900, dark=dark)
    seen, weak = set(), []

    def look():
        for ratio, needed, text, color, back in browser.run(CONTRAST):
            seen.add((color, back))
            if ratio < needed:
                weak.append((ratio, text, color, back))
    for name in SECTIONS:
        open_page(browser, eventful, name, "")
        wait_for(lambda: browser.text("main h1"), "a title")
        if name != "overview":
            wait_for(browser.rows, f"rows of {name}")
        look()
        if browser.run("return Boolean(document.querySelector('.tbody .tr'))"):
            browser.run("document.querySelector('.tbody .tr').focus()")
            look()
        if name in ("queues", "programs", "failed"):
            open_row(browser)
            look()
            browser.key(ESCAPE)
    browser.key("?")
    look()
    browser.key(ESCAPE)
    open_page(browser, eventful, "failed", "Failed")
    browser.click("Forget", "main")
    look()
    browser.key(ESCAPE)
    browser.run("for (const kind of ['', 'bad']) document.getElementById('toasts').append(Object.assign(document.createElement('div'), "
                "{className: `toast ${kind}`, textContent: 'told'}))")
    look()
    assert not weak, sorted(set(weak))
    assert len(seen) > 12, seen


def test_pairs_of_colours_can_be_read(browser, eventful):
    """Also those that are shown only while something is pointed at."""
    script = ("const probe = document.body.appendChild(document.createElement('p')); probe.textContent = 'probe'; "
              "probe.style.color = `var(--${arguments[0]})`; probe.style.background = `var(--${arguments[1]})`;"
              "setTimeout(() => probe.remove());")
    pairs = [(ink, back) for ink in ("ink", "dim", "accent", "ok", "warn", "bad") for back in ("bg", "card", "soft")]
    pairs += [("ink", "accent-soft"), ("dim", "accent-soft"), ("accent", "accent-soft")]
    pairs += [(kind, f"{kind}-soft") for kind in ("ok", "warn", "bad", "idle")]
    for dark in (False, True):
        browser.device(1280, 900, dark=dark)
        open_page(browser, eventful, "overview", "Overview")
        weak = [(pair, ratio) for pair in pairs for ratio, needed, text, *_ in browser.run(script + CONTRAST, *pair)
                if text == "probe" and ratio < needed]
        assert not weak, (dark, weak)


def tab_through(browser):
    """What has the focus, one Tab after the other, until it comes round; each is seen, with a ring."""
    order = []
    while True:
        browser.key(TAB)
        focus = browser.run(FOCUS)
        if focus is None or focus["name"] in order:
            return order
        assert focus["ring"] and focus["seen"], focus
        order.append(focus["name"])


@pytest.mark.parametrize("name", SECTIONS)
def test_the_tab_key_reaches_every_control(browser, eventful, name):
    open_page(browser, eventful, name, "")
    wait_for(browser.rows if name != "overview" else lambda: browser.count("main a"), "rows")
    controls = browser.run(CONTROLS)
    order = tab_through(browser)
    assert set(controls) <= set(order), [one for one in controls if one not in order]
    buttons = browser.run("return [...document.querySelectorAll('.tbody button')].filter((node) => node.offsetParent).map((node) => "
                          "[node.getBoundingClientRect().top, nameOf(node)]).sort((a, b) => a[0] - b[0]).map((one) => one[1])")
    assert [one for one in order if one in buttons] == buttons


def test_the_tab_key_goes_by_what_is_shown(browser, eventful):
    """Also after the rows were sorted otherwise."""
    open_page(browser, eventful, "programs", "Programs")
    wait_for(browser.rows, "rows")
    browser.click("Program", "main")
    browser.click("Program", "main")
    shown = "return [...document.querySelectorAll('.tbody .tr')].{}.map((row) => row.dataset.key)"
    by_place = browser.run(shown.format("sort((a, b) => a.offsetTop - b.offsetTop)"))
    assert by_place == sorted(by_place, reverse=True) == browser.run(shown.format("slice()"))


def test_work_with_the_keyboard_alone(browser, eventful):
    paused = lambda: [row["queue"] for row in eventful.get("/pauses")["pauses"]]
    before = paused()
    open_page(browser, eventful, "overview", "Overview")
    browser.key("2")
    wait_for(browser.rows, "rows")
    browser.key("/")
    wait_for(lambda: browser.run("return document.activeElement.id") == "search", "the search")
    for letter in "quick":
        browser.key(letter)
    wait_for(lambda: list(browser.rows()) == ["quick"], lambda: browser.rows())
    browser.key(ESCAPE)
    browser.key(ENTER)
    browser.wait_text("quick", "#drawer h2")
    assert browser.run("return document.activeElement.innerText") == "Close"
    browser.key(ESCAPE)
    assert browser.run("return document.activeElement.dataset.key") == "quick"
    browser.key("p")
    wait_for(lambda: set(paused()) == {*before, "quick"}, "the pause")
    wait_for(lambda: "paused" in browser.rows()["quick"][0], lambda: browser.rows())
    browser.key("p")
    wait_for(lambda: paused() == before, "the end of the pause")
    browser.key("s")
    browser.wait_text("Scale quick", "dialog")
    controls, first = browser.run(CONTROLS), browser.run(FOCUS)["name"]
    assert set(controls) <= {first, *tab_through(browser)}
    browser.key(ESCAPE)
    assert browser.run("return document.activeElement.dataset.key") == "quick"


def test_since_when_an_alert_is_active(browser, eventful):
    open_page(browser, eventful, "alerts", "Alerts")
    pattern = r"since (\w+ \d+, )?\d\d:\d\d:\d\d, for \d+ [smh]"
    wait_for(lambda: re.search(pattern, browser.text("main .cards")), lambda: browser.text())
    open_page(browser, eventful, "overview", "Overview")
    wait_for(lambda: re.search(pattern, browser.text()), lambda: browser.text())


# Without a browser

def test_the_files(site):
    ask = lambda path, **headers: site.call("GET", path, **headers)
    status, page = ask("/")
    assert (status, page) == (200, (FILES / "index.html").read_bytes())
    policy, tag = site.headers["Content-Security-Policy"], site.headers["ETag"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "require-trusted-types-for" in policy
    assert ask("/", If_None_Match=tag) == (304, b"") if site.headers["Content-Type"] else True
    total = 0
    for path in sorted(FILES.iterdir()):
        if path.suffix == ".py":
            continue
        status, text = ask(f"/dashboard/{path.name}", Accept_Encoding="gzip")
        assert status == 200 and gzip.decompress(text) == path.read_bytes() and site.headers["Content-Encoding"] == "gzip"
        total += len(path.read_bytes())
    assert total < 150_000
    assert ask("/dashboard/../app.js")[0] == 404 and ask("/dashboard/embed.py")[0] == 404
    assert site.call("POST", "/", {})[0] == 405
    assert site.call("GET", "/", port=site.port)[0] == 401
    assert site.call("GET", "/dashboard/app.js", port=site.port, Authorization=basic("bob", "look"))[0] == 200


def test_the_addresses_of_supervisors_status_page(site):
    assert site.call("GET", "/index.html")[0] == 200
    for action in ("stopall", "restartall", "stop&processname=web", "start&processname=web", "clearlog&processname=web", ""):
        status, answer = site.call("GET", f"/index.html?action={action}")
        assert status == 405 and "/api/v1/programs" in answer["detail"]
    assert next(row for row in site.get("/overview")["programs"] if row["name"] == "web")["state"] == "RUNNING"
    assert site.call("GET", "/tail.html?processname=talker")[0] == 302
    assert site.headers["Location"] == "/#/log/talker"
    assert site.call("GET", "/tail.html?processname=nobody")[0] == 404
    assert site.call("GET", "/tail.html")[0] == 400
