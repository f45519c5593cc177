// SPDX-License-Identifier: MIT
// The views of what is kept: failed jobs, batches, scaling, alerts and the audit log.
import { el, put, putClass, button, bar, num, dur, when, ago, since, plural, toast } from "./dom.js";
import { state, get, act, connections, isOperator } from "./state.js";
import { Table } from "./table.js";
import { badge, setBadge, head, search, ask, onFailed } from "./parts.js";
import { showFailed, facts } from "./drawers.js";
import { openDrawer } from "./parts.js";

const mark = (value) => (cell) => {
  const node = badge("");
  cell.append(node);
  return (row) => setBadge(node, value(row));
};
const text = (id, label, width, value, more = {}) => ({ id, label, width, text: value, tip: value, sort: value, ...more });

// Asks again while the view is there, after so many seconds; the answers of all connections.
function polled(fetchOne, seconds, take) {
  let stopped = false, timer = null, round = 0;
  async function ask() {
    const mine = ++round, isOver = () => stopped || mine !== round;
    clearTimeout(timer);
    try {
      const answers = await Promise.all(connections().map((name) => fetchOne(name)));
      if (!isOver()) take(answers);
    } catch (error) {
      if (!isOver()) toast(error.message, "bad");
    }
    if (!isOver()) timer = setTimeout(ask, document.hidden ? 30000 : seconds() * 1000);
  }
  ask();
  return { again: ask, stop() { stopped = true; clearTimeout(timer); } };
}

// One page of a connection, behind a uuid; in smaller pieces where the rows are so large that they do not fit.
async function fetchPage({ path, list, id, size }, connection, after) {
  for (const limit of [size, size / 10, size / 100]) {
    try {
      const rows = (await get(`${path}?limit=${limit}&connection=${encodeURIComponent(connection)}${after && `&after=${encodeURIComponent(after[id])}`}`))[list];
      return { rows: rows.map((row) => ({ connection, ...row })), more: rows.length === limit };
    } catch (error) {
      if (limit === size / 100) throw error;
    }
  }
  return null;
}

// The newest rows of a list, with a button for older ones: {path, list, id: its key, size of a page, seconds, take(rows, more)}.
function paged(what) {
  let wanted = what.size;
  async function fetchPages(connection) {
    const rows = [];
    let more = true;
    while (more && rows.length < wanted) {
      const page = await fetchPage(what, connection, rows.at(-1) ?? "");
      rows.push(...page.rows);
      ({ more } = page);
    }
    return { rows, more };
  }
  const older = button(`Load ${num(what.size)} older`, () => {
    wanted += what.size;
    older.disabled = true;
    source.again();
  }, { title: "These are the newest; there are older ones" });
  older.hidden = true;
  const source = polled(fetchPages, () => what.seconds * wanted / what.size, (answers) => {
    const more = answers.some((answer) => answer.more);
    older.hidden = !more;
    older.disabled = false;
    what.take(answers.flatMap((answer) => answer.rows), more);
  });
  return { older, ...source };
}

// Failed jobs

function groupFailed(jobs) {
  const groups = new Map();
  for (const job of jobs) {
    const found = groups.get(job.fingerprint);
    if (found) {
      found.jobs.push(job);
      found.last = Math.max(found.last, job.failed_at);
      found.first = Math.min(found.first, job.failed_at);
      found.queues.add(job.queue);
    } else {
      groups.set(job.fingerprint, { id: job.fingerprint, job: job.job, pattern: job.pattern, jobs: [job],
        last: job.failed_at, first: job.failed_at, queues: new Set([job.queue]) });
    }
  }
  return [...groups.values()].sort((a, b) => b.last - a.last);
}

export function failed(main) {
  let groups = null, filter = "", isMore = false;
  const count = el("span", { class: "dim num" });
  const acts = (cell, row) => {
    if (!isOperator()) return () => {};
    cell.append(button("Retry", () => onFailed("retry", row().jobs).then(source.again)),
      button("Forget", () => onFailed("remove", row().jobs, row().pattern).then(source.again), { class: "danger wide" }));
    return () => {};
  };
  const kindCell = (cell) => {
    const job = el("span", { class: "cut" }), pattern = el("span", { class: "dim small cut" });
    cell.append(el("span", { class: "two-lines" }, job, pattern));
    return (row) => { put(job, row.job); put(pattern, row.pattern); cell.title = row.pattern; };
  };
  const table = new Table({ label: "Failed jobs by error", tall: true, key: (row) => row.id, open: (row) => showFailed(row, source.again),
    none: () => groups === null ? ["Looking…", "The store is asked."] : filter ? ["Nothing like that", isMore ? "None of the failures that are loaded has this text; there are older ones." : "No failure has this text."] : ["No failed jobs", "What fails for good waits here until you retry or forget it."],
    columns: [
      { id: "kind", label: "Job and error", width: "minmax(140px, 3fr)", sort: (row) => row.job, make: kindCell },
      { id: "count", label: "Jobs", width: "56px", cls: "right", down: true, sort: (row) => row.jobs.length, text: (row) => num(row.jobs.length) },
      text("queues", "Queue", "minmax(90px, 1fr)", (row) => [...row.queues].join(", "), { hide: "wide" }),
      { id: "last", label: "Last", width: "110px", cls: "right", hide: "mid", down: true, sort: (row) => row.last, text: (row) => ago(row.last) },
      { id: "acts", label: "", width: "132px", cls: "acts", only: true, hide: "wide", make: acts },
    ] });
  const source = paged({ path: "/failed", list: "failed", id: "uuid", size: 1000, seconds: 5, take(jobs, more) {
    groups = groupFailed(jobs);
    isMore = more;
    update();
  } });
  main.replaceChildren(head("Failed jobs", count, source.older, search("Find an error, class or queue", (value) => { filter = value; update(); })), table.node);
  function update() {
    const rows = (groups ?? []).filter((row) => `${row.job} ${row.pattern} ${[...row.queues].join(" ")}`.toLowerCase().includes(filter));
    const jobs = rows.reduce((sum, row) => sum + row.jobs.length, 0);
    put(count, groups ? `${plural(jobs, "job")} of ${plural(rows.length, "kind")}${isMore ? ", the newest" : ""}` : "");
    table.update(rows);
  }
  return { update, leave() { table.leave(); source.stop(); } };
}

// Batches

export function batches(main) {
  let rows = null, filter = "";
  const progress = (cell) => {
    const label = el("span", { class: "num small" }), gauge = bar();
    cell.append(el("div", {}, label, gauge.node));
    return (row) => {
      put(label, `${num(row.total - row.pending)} of ${num(row.total)} · ${Math.round(row.progress_percentage)} %`);
      gauge.set(row.progress_percentage / 100, row.failed ? "warn" : "accent");
    };
  };
  const acts = (cell, row) => {
    const node = button("Cancel", async () => {
      const sure = await ask({ title: "Cancel this batch?", text: row().name || row().batch_uuid, yes: "Cancel the batch", danger: true });
      if (sure) act((answer) => `${plural(answer.count, "job")} taken out`, `/batches/${row().batch_uuid}/cancel?connection=${encodeURIComponent(row().connection)}`).then(source.again);
    });
    if (isOperator()) cell.append(node);
    return (now) => { node.hidden = Boolean(now.finished_at || now.cancelled_at); };
  };
  const table = new Table({ label: "Batches", tall: true, key: (row) => row.batch_uuid,
    none: () => rows === null ? ["Looking…", "The store is asked."] : ["No batches", "Jobs that are pushed together show their progress here."],
    columns: [
      text("name", "Batch", "minmax(110px, 1.5fr)", (row) => row.name || row.batch_uuid, { cls: "name" }),
      { id: "state", label: "State", width: "96px", sort: (row) => row.state, make: mark((row) => row.state) },
      { id: "progress", label: "Progress", width: "minmax(120px, 2fr)", make: progress },
      { id: "failed", label: "Failed", width: "64px", cls: "right", hide: "wide", down: true, sort: (row) => row.failed, text: (row) => num(row.failed) },
      { id: "at", label: "Begun", width: "110px", cls: "right", hide: "mid", down: true, sort: (row) => row.created_at, text: (row) => ago(row.created_at) },
      { id: "acts", label: "", width: "74px", cls: "acts", hide: "wide", only: true, make: acts },
    ] });
  const source = paged({ path: "/batches", list: "batches", id: "batch_uuid", size: 200, seconds: 3, take(answer) { rows = answer.sort((a, b) => b.created_at - a.created_at); update(); } });
  main.replaceChildren(head("Batches", source.older, search("Find a batch", (value) => { filter = value; update(); })), table.node);
  function update() {
    table.update((rows ?? []).filter((row) => `${row.name} ${row.batch_uuid} ${row.state}`.toLowerCase().includes(filter)));
  }
  return { update, leave() { table.leave(); source.stop(); } };
}

// Scaling

export function scaling(main) {
  const state_ = el("span", { class: "badge" });
  const flip = (to) => button(to === "on" ? "Switch on" : "Hold as it is", () => act(`Scaling is ${to}`, "/scaling/switch", { state: to }).then((answer) => answer && (state.scaling = answer)));
  const change = (row) => `${row.from_workers} → ${row.to_workers}`;
  const table = new Table({ label: "Scaling history", key: (row) => `${row.queue} ${row.timestamp} ${row.from_workers} ${row.to_workers}`,
    open: (row) => openDrawer(`${row.queue}: ${change(row)}`, [], el("div", { class: "body" }, facts([["When", when(row.timestamp * 1000)], ["Why", row.reason], ["What decided", row.term],
      ["Waiting jobs", num(row.metrics?.queue_size)], ["Workers busy", `${Math.round(row.metrics?.avg_worker_utilization ?? 0)} %`],
      ["Arrive", `${row.metrics?.incoming_rate} a second`], ["Done", `${row.metrics?.processing_rate} a second`], ["Mean wait", dur((row.metrics?.avg_wait_time ?? 0) * 1000)]]))),
    none: () => ["Nothing was scaled yet", "Each change of a number of workers is kept with its reason."],
    columns: [
      { id: "at", label: "When", width: "minmax(84px, 130px)", down: true, sort: (row) => row.timestamp, text: (row) => when(row.timestamp * 1000) },
      text("queue", "Queue", "minmax(80px, 1fr)", (row) => row.queue, { cls: "name" }),
      { id: "change", label: "Workers", width: "84px", cls: "right", text: change },
      text("reason", "Why", "minmax(60px, 3fr)", (row) => row.reason, { hide: "wide" }),
      text("term", "What decided", "130px", (row) => row.term, { hide: "mid", cls: "dim" }),
    ] });
  main.replaceChildren(head("Scaling", state_, ...(isOperator() ? [flip("on"), flip("off")] : [])), table.node);
  get("/scaling/history?limit=1000").then((answer) => { state.history = answer.history.reverse(); update(); }).catch((error) => toast(error.message, "bad"));
  function update() {
    const { enabled, state: now } = state.scaling;
    const [word, kind] = now === "on" || (now === "configured" && enabled) ? ["policies decide", "ok"]
      : now === "off" ? ["held as it is", "warn"] : ["not enabled", ""];
    put(state_, word);
    putClass(state_, `badge ${kind}`);
    table.update(state.history);
  }
  return { update, leave: () => table.leave() };
}

// Alerts

export function alerts(main) {
  const table = new Table({ label: "Alerts", key: (row) => `${row.time} ${row.type} ${row.queue} ${row.connection} ${row.state}`,
    none: () => ["No alert yet", "What crosses a threshold is told here, and to whom you say in [notify:NAME]."],
    columns: [
      { id: "at", label: "When", width: "minmax(84px, 130px)", down: true, sort: (row) => row.time, text: (row) => when(row.time) },
      { id: "state", label: "", width: "82px", make: mark((row) => row.state) },
      { id: "severity", label: "Severity", width: "82px", hide: "wide", sort: (row) => row.severity, make: mark((row) => row.severity) },
      text("about", "About", "minmax(80px, 1fr)", (row) => row.queue ?? row.connection ?? "", { cls: "name", hide: "wide" }),
      text("message", "What", "minmax(120px, 3fr)", (row) => row.message),
    ] });
  const now = el("div", { class: "cards" });
  main.replaceChildren(head("Alerts"), now, table.node);
  get("/alerts").then((answer) => { state.told = answer.history.reverse(); update(); }).catch((error) => toast(error.message, "bad"));
  function update() {
    now.hidden = !state.alerts.size;
    now.replaceChildren(...[...state.alerts.values()].map((row) => el("div", { class: "card" }, el("div", { class: "row" }, badge(row.severity), el("b", { text: row.queue ?? row.connection ?? "" })),
      el("p", { text: row.message }), el("p", { class: "dim small", text: since(row.since) }))));
    table.update(state.told);
  }
  return { update, leave: () => table.leave() };
}

// Audit

const who = (row) => row.http_user ?? (row.uid !== undefined ? `uid ${row.uid}` : "unknown");
function order(row) {
  const { command, call, by, connection, ...rest } = row.order ?? {};
  return Object.entries(rest).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", ");
}

export function audit(main) {
  let filter = "";
  const table = new Table({ label: "Audit log", key: (row) => `${row.time} ${row.action} ${JSON.stringify(row.order)}`,
    none: () => ["Nothing was ordered yet", "Who does what is written here, and to the audit log."],
    columns: [
      { id: "at", label: "When", width: "minmax(84px, 130px)", down: true, sort: (row) => row.time, text: (row) => when(row.time) },
      text("who", "Who", "minmax(60px, 120px)", who), text("action", "What", "minmax(90px, 160px)", (row) => row.action, { cls: "name" }),
      text("order", "With", "minmax(60px, 3fr)", order, { hide: "wide", cls: "dim" }),
      text("via", "Through", "72px", (row) => row.via, { hide: "mid" }),
      { id: "result", label: "Result", width: "92px", sort: (row) => row.result, make: (cell) => { const node = badge(""); cell.append(node); return (row) => { put(node, row.result); node.className = `badge ${row.result === "ok" ? "ok" : "bad"}`; }; } },
    ] });
  main.replaceChildren(head("Audit", search("Find who or what", (value) => { filter = value; update(); })), table.node);
  get("/audit").then((answer) => { state.audit = answer.audit; update(); }).catch((error) => toast(error.message, "bad"));
  function update() {
    table.update(state.audit.filter((row) => `${who(row)} ${row.action} ${order(row)}`.toLowerCase().includes(filter)));
  }
  return { update, leave: () => table.leave() };
}
