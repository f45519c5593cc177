// SPDX-License-Identifier: MIT
// The views of what the master itself knows: overview, queues, workers, programs.
import { el, put, putClass, button, bar, spark, num, dur, bytes, ago, since, plural, empty } from "./dom.js";
import { state, rate, programKey, isOperator, get } from "./state.js";
import { Table } from "./table.js";
import { badge, setBadge, head, search, pause, pauseAll, resumeAll, scale, restartWorkers, program, programs } from "./parts.js";
import { showQueue, showLog } from "./drawers.js";

// Oldest wait against the promise: 1 is the promise.
const waitOf = (row) => row.metrics?.oldest_ms ?? 0;
const strain = (row) => row.promised_ms ? waitOf(row) / row.promised_ms : 0;
const kind = (part) => part > 1 ? "bad" : part > 0.5 ? "warn" : "ok";
export const byStrain = () => [...state.queues.values()].sort((a, b) => strain(b) - strain(a) || waitOf(b) - waitOf(a) ||
  (a.queue < b.queue ? -1 : 1));
const sum = (rows, value) => rows.reduce((total, row) => total + (value(row) ?? 0), 0);
const troubled = (row) => ["FATAL", "BACKOFF", "UNKNOWN"].includes(row.state) || (row.state === "EXITED" && row.exit_status !== 0);
const up = (row) => row.state === "RUNNING";

function waitCell(cell) {
  const text = el("span", { class: "num" }), gauge = bar();
  cell.append(el("div", {}, text, gauge.node));
  return (row) => {
    const part = strain(row);
    put(text, `${dur(waitOf(row))}${row.promised_ms ? ` of ${dur(row.promised_ms)}` : ""}`);
    gauge.set(part, kind(part));
  };
}

// Overview

function card(label, href) {
  const value = el("div", { class: "value" }), note = el("div", { class: "small dim cut" });
  const node = el("a", { class: "card", href }, el("div", { class: "label", text: label }), value, note);
  return { node, value, note, set(text, under, state = "") {
    put(value, text);
    putClass(value, `value ${state}`);
    put(note, under);
  } };
}

// A short list that keeps its rows by their keys.
function keyed(node, rows, key, make, none) {
  const old = new Map([...node.children].map((child) => [child.dataset.key, child]));
  const wanted = rows.map((row) => {
    const found = old.get(key(row)) ?? make(row);
    found.dataset.key = key(row);
    found.write?.(row);
    return found;
  });
  if (!wanted.length && none) wanted.push(Object.assign(none, {}));
  if (wanted.length !== node.children.length || wanted.some((child, i) => node.children[i] !== child)) node.replaceChildren(...wanted);
}

function queueLine() {
  const name = el("a", { class: "cut" }), text = el("span", { class: "small dim num" }), gauge = bar(), mark = el("span", { class: "badge warn", text: "paused", hidden: true });
  const node = el("li", {}, el("span", { class: "row cut" }, name, mark), text, gauge.node);
  gauge.node.style.gridColumn = "1 / -1";
  node.write = (row) => {
    put(name, row.queue);
    name.href = `#/queues/${encodeURIComponent(row.queue)}`;
    mark.hidden = !row.paused;
    put(text, `${dur(waitOf(row))}${row.promised_ms ? ` of ${dur(row.promised_ms)}` : ""} · ${num(row.metrics?.ready ?? 0)} waiting`);
    gauge.set(strain(row), kind(strain(row)));
  };
  return node;
}

function alertLine() {
  const text = el("span"), about = el("span", { class: "small dim" }), mark = el("span", { class: "badge" });
  const node = el("li", {}, el("span", { class: "two-lines" }, text, about), mark);
  node.write = (row) => {
    put(text, row.message);
    put(about, `${row.queue ?? row.connection ?? ""} · ${since(row.since)}`);
    setBadge(mark, row.severity);
  };
  return node;
}

function programLine() {
  const name = el("a", { class: "cut" }), about = el("span", { class: "small dim cut" }), mark = el("span", { class: "badge" });
  const node = el("li", {}, el("span", { class: "two-lines cut" }, name, about), mark);
  node.write = (row) => {
    put(name, programKey(row));
    name.href = `#/log/${encodeURIComponent(programKey(row))}`;
    put(about, row.error || `exit status ${row.exit_status}`);
    setBadge(mark, row.state);
  };
  return node;
}

export function overview(main) {
  const wait = card("Oldest wait", "#/queues"), rateCard = card("Done a minute", "#/queues"), failed = card("Failed jobs", "#/failed");
  const workers = card("Workers", "#/workers"), progs = card("Programs", "#/programs"), alerts = card("Alerts", "#/alerts");
  const queueList = el("ul", { class: "list" }), alertList = el("ul", { class: "list" }), programList = el("ul", { class: "list" });
  const calm = { queues: empty("No queues", "Add a [queue:NAME] with a command to run jobs."),
    alerts: empty("All is well", "No alert is active."), programs: empty("Nothing needs you", "Every program is as it should be.") };
  main.replaceChildren(head("Overview"),
    el("div", { class: "cards six" }, wait.node, rateCard.node, workers.node, progs.node, failed.node, alerts.node),
    el("div", { class: "two" },
      el("section", { class: "panel" }, el("h2", { text: "Queues, the oldest wait against its promise first" }), queueList),
      el("div", { class: "cards one" },
        el("section", { class: "panel" }, el("h2", { text: "Active alerts" }), alertList),
        el("section", { class: "panel" }, el("h2", { text: "Programs that need you" }), programList))));
  return { update() {
    const queues = byStrain(), rows = [...state.programs.values()], worst = queues[0];
    wait.set(worst ? dur(waitOf(worst)) : "–", worst && waitOf(worst) > 0
      ? `${worst.queue}${worst.promised_ms ? `, promised ${dur(worst.promised_ms)}` : ""}` : "nobody waits", worst ? kind(strain(worst)) : "");
    rateCard.set(num(sum(queues, rate)), `${num(sum(queues, (row) => row.metrics?.ready))} jobs wait`);
    const wanted = sum(queues, (row) => row.wanted), running = sum(queues, (row) => row.running);
    workers.set(`${num(running)}`, `of ${num(wanted)}, ${num(sum(queues, (row) => row.busy))} busy`, running < wanted ? "warn" : "");
    progs.set(num(rows.filter(up).length), `of ${num(rows.length)} run`, rows.some(troubled) ? "bad" : "");
    const lost = sum(queues, (row) => row.metrics?.failed);
    failed.set(num(lost), lost ? "to look at" : "none", lost ? "warn" : "");
    alerts.set(num(state.alerts.size), state.alerts.size ? "active" : "all is well", state.alerts.size ? "bad" : "ok");
    keyed(queueList, queues.slice(0, 12), (row) => row.queue, queueLine, calm.queues);
    keyed(alertList, [...state.alerts.values()].slice(0, 8), (row) => `${row.type} ${row.queue} ${row.connection}`, alertLine, calm.alerts);
    keyed(programList, rows.filter(troubled).slice(0, 8), programKey, programLine, calm.programs);
  } };
}

// Queues

const series = new Map(); // queue -> {at, values}: from the metrics store, by the minute
const asking = new Set();
const SERIES_MS = 60000;
async function wantSeries(queue) {
  const known = series.get(queue);
  if (asking.size >= 4 || asking.has(queue) || (known && Date.now() - known.at < SERIES_MS)) return;
  asking.add(queue);
  try {
    const answer = await get(`/queues/${encodeURIComponent(queue)}/series?window=3600`);
    series.set(queue, { at: Date.now(), values: spread(answer.series) });
  } catch { series.set(queue, { at: Date.now(), values: [] }); }
  asking.delete(queue);
}
// One value a minute; minutes in which nothing happened are not in the store.
function spread(points) {
  const values = Array(60).fill(0), first = Math.floor(Date.now() / 60000) - 60;
  for (const point of points) {
    const at = Math.floor(point.at / 60000) - first - 1;
    if (at >= 0 && at < 60) values[at] += point.jobs_processed;
  }
  return values;
}

function sparkCell(cell) {
  const line = spark();
  cell.append(line.node);
  return (row) => {
    wantSeries(row.queue);
    const values = series.get(row.queue)?.values ?? [];
    line.set(values.length ? values : [0, 0], `${num(sum(values, (value) => value))} jobs in the last hour`);
  };
}

function queueActions(cell, row) {
  if (!isOperator()) return () => {};
  const toggle = button("Pause", () => pause(row()));
  cell.append(toggle, button("Scale", () => scale(row())));
  return (now) => put(toggle, now.paused ? "Resume" : "Pause");
}

function nameCell(cell) {
  const name = el("span", { class: "cut" }), mark = el("span", { class: "badge warn", text: "paused" });
  cell.append(el("span", { class: "two-lines" }, name, el("span", {}, mark)));
  return (row) => { put(name, row.queue); mark.hidden = !row.paused; };
}

export function queues(main, chosen) {
  let filter = "";
  const figure = (id, label, value, hide) => ({ id, label, width: "62px", cls: "right", hide, down: true, sort: value, text: (row) => num(value(row)) });
  const table = new Table({ label: "Queues", tall: true, key: (row) => row.queue, open: (row) => showQueue(row.queue),
    keys: { p: pause, s: scale, r: (row) => restartWorkers(row.queue) },
    none: () => filter ? ["No queue of this name", "Try less of it."] : ["No queues", "Add a [queue:NAME] with a command to the configuration."],
    columns: [
      { id: "name", label: "Queue", width: "minmax(110px, 1.4fr)", cls: "name", make: nameCell, sort: (row) => row.queue },
      { id: "wait", label: "Oldest wait", width: "minmax(110px, 1.2fr)", make: waitCell, sort: strain, down: true },
      figure("ready", "Waiting", (row) => row.metrics?.ready ?? 0, "wide"), figure("reserved", "Running", (row) => row.metrics?.reserved ?? 0, "mid"),
      figure("delayed", "Delayed", (row) => row.metrics?.delayed ?? 0, "mid"), figure("failed", "Failed", (row) => row.metrics?.failed ?? 0, "wide"),
      { id: "rate", label: "A minute", width: "66px", cls: "right", hide: "wide", down: true, sort: rate, text: (row) => num(rate(row)) },
      { id: "spark", label: "Last hour", width: "minmax(70px, 1fr)", hide: "mid", make: sparkCell },
      { id: "workers", label: "Workers", width: "64px", cls: "right", down: true, sort: (row) => row.wanted, text: (row) => `${row.running}/${row.wanted}` },
      { id: "acts", label: "", width: "136px", cls: "acts", hide: "wide", only: true, make: queueActions },
    ] });
  const tools = isOperator() ? [button("Pause all", pauseAll), button("Resume all", resumeAll)] : [];
  main.replaceChildren(head("Queues", search("Find a queue", (text) => { filter = text; update(); }), ...tools), table.node);
  function update() {
    table.update(byStrain().filter((row) => row.queue.toLowerCase().includes(filter)));
  }
  if (chosen) showQueue(chosen);
  return { update, leave: () => table.leave() };
}

// Workers

export function workers(main) {
  let filter = "";
  const right = (id, label, value, text, hide) => ({ id, label, width: "84px", cls: "right", hide, down: true, sort: value, text: (row) => text(value(row)) });
  const mark = (value) => (cell) => { const node = badge(""); cell.append(node); return (row) => setBadge(node, value(row)); };
  const table = new Table({ label: "Workers", key: (row) => row.id + row.started_at, sort: { column: "queue", down: false },
    keys: { r: (row) => restartWorkers(row.queue) }, open: (row) => showQueue(row.queue),
    none: () => ["No workers", filter ? "None of this name." : "They come with queues that have a command."],
    columns: [
      { id: "queue", label: "Queue", width: "minmax(90px, 1.2fr)", cls: "name", sort: (row) => row.queue, text: (row) => row.queue },
      { id: "id", label: "Worker", width: "minmax(120px, 1fr)", cls: "mono", hide: "wide", text: (row) => row.id },
      { id: "state", label: "State", width: "92px", sort: (row) => row.state, make: mark((row) => row.state) },
      { id: "status", label: "Does", width: "96px", hide: "mid", sort: (row) => row.status, make: mark((row) => row.status) },
      { id: "pid", label: "Pid", width: "72px", cls: "right", hide: "mid", sort: (row) => row.pid ?? 0, text: (row) => row.pid ?? "–" },
      right("busy", "Jobs now", (row) => row.busy, num, "wide"), right("done", "Done", (row) => row.jobs_processed, num),
      right("failed", "Failed", (row) => row.failed, num, "wide"), right("cpu", "CPU", (row) => row.cpu, (value) => `${Math.round(value)} %`, "mid"),
      right("memory", "Memory", (row) => row.memory, bytes, "wide"),
      { id: "up", label: "Up", width: "84px", cls: "right", hide: "mid", sort: (row) => row.started_at, text: (row) => dur(Date.now() - row.started_at) },
    ] });
  main.replaceChildren(head("Workers", search("Find a queue or worker", (text) => { filter = text; update(); })), table.node);
  function update() {
    table.update([...state.workers.values()].flat().filter((row) => `${row.queue} ${row.id}`.toLowerCase().includes(filter)));
  }
  return { update, leave: () => table.leave() };
}

// Programs

const sinceWhen = (row) => up(row) ? `up ${dur(Date.now() - row.started_at)}` : row.stopped_at ? `ended ${ago(row.stopped_at)}` : "not started";

function programActions(cell, row) {
  const log = button("Log", () => showLog(row()));
  if (!isOperator()) { cell.append(log); return (now) => { log.disabled = !now.stdout && !now.stderr; }; }
  const main = button("Start", () => program(row(), ["RUNNING", "STARTING", "BACKOFF"].includes(row().state) ? "stop" : "start"));
  const again = button("Restart", () => program(row(), "restart"));
  again.classList.add("wide");
  cell.append(main, again, log);
  return (now) => {
    put(main, ["RUNNING", "STARTING", "BACKOFF"].includes(now.state) ? "Stop" : "Start");
    log.disabled = !now.stdout && !now.stderr;
  };
}

export function programsView(main) {
  let filter = "", only = "";
  const states = el("select", { "aria-label": "State", onchange: (event) => { only = event.target.value; update(); } },
    el("option", { value: "", text: "All states" }), ...["RUNNING", "STOPPED", "STARTING", "BACKOFF", "STOPPING", "EXITED", "FATAL"].map((name) => el("option", { value: name, text: name })));
  const count = el("span", { class: "dim num" });
  const table = new Table({ label: "Programs", key: programKey, open: showLog,
    keys: { s: (row) => program(row, "start"), x: (row) => program(row, "stop"), r: (row) => program(row, "restart"), l: showLog },
    none: () => filter || only ? ["No program is like that", "Look for another name or state."] : ["No programs", "Add a [program:NAME] to the configuration."],
    columns: [
      { id: "name", label: "Program", width: "minmax(100px, 1.6fr)", cls: "name", sort: programKey, text: programKey, tip: programKey },
      { id: "state", label: "State", width: "92px", sort: (row) => row.state, make: (cell) => { const node = badge(""); cell.append(node); return (row) => setBadge(node, row.state); } },
      { id: "since", label: "Since", width: "minmax(110px, 1fr)", hide: "wide", sort: (row) => row.started_at, text: sinceWhen },
      { id: "pid", label: "Pid", width: "76px", cls: "right", hide: "mid", sort: (row) => row.pid, text: (row) => row.pid || "–" },
      { id: "note", label: "", width: "minmax(60px, 1fr)", cls: "dim", hide: "mid", text: (row) => row.error || (row.state === "EXITED" ? `exit status ${row.exit_status}` : ""), tip: (row) => row.error },
      { id: "acts", label: "", width: isOperator() ? "180px" : "56px", narrow: isOperator() ? "112px" : "56px", cls: "acts", make: programActions },
    ] });
  const shown = () => [...state.programs.values()].filter((row) => (!only || row.state === only) && programKey(row).toLowerCase().includes(filter));
  const bulk = isOperator() ? ["start", "stop", "restart"].map((what) => button(`${what[0].toUpperCase()}${what.slice(1)} shown`, () => programs(shown(), what), { class: "wide" })) : [];
  main.replaceChildren(head("Programs", count, search("Find a program", (text) => { filter = text; update(); }), states, ...bulk), table.node);
  function update() {
    const rows = shown();
    put(count, rows.length === state.programs.size ? plural(rows.length, "program") : `${num(rows.length)} of ${num(state.programs.size)}`);
    table.update(rows);
  }
  return { update, leave: () => table.leave() };
}
