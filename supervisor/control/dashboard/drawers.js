// SPDX-License-Identifier: MIT
// What opens on the right: a queue and why it has its workers; a program and its log as it is written; a failed job.
import { el, put, button, num, dur, when, ago, plural } from "./dom.js";
import { state, get, programKey, isOperator, onChange } from "./state.js";
import { openDrawer, badge, setBadge, pause, scale, restartWorkers, program, onFailed } from "./parts.js";

// Names and values; a value may be a node.
export function facts(rows) {
  return el("dl", {}, ...rows.filter((row) => row[1] !== null && row[1] !== undefined && row[1] !== "")
    .flatMap(([name, value]) => [el("dt", { text: name }), el("dd", {}, value instanceof Node ? value : String(value))]));
}

// Queues

const percent = (value) => `${Math.round(value * 10) / 10} %`;

function why(answer) {
  const rows = [["Decided by", answer.policy], ["Because", answer.reason], ["What would help", answer.cure]];
  const { change } = answer;
  if (change?.more_ready) rows.push(["One more from", `${num(change.more_ready)} waiting jobs`]);
  return facts(rows);
}

function figures({ metrics, classes, bottlenecks }) {
  return [facts([["Done in the last hour", num(metrics.jobs_processed)], ["Failed", `${num(metrics.jobs_failed)} (${percent(metrics.failure_rate)})`],
    ["Run time", `${dur(metrics.average_processing_time)} on average, p95 ${dur(metrics.p95_processing_time)}`],
    ["Wait", `${dur(metrics.average_latency)} on average, p95 ${dur(metrics.p95_latency)}`],
    ["Workers busy", percent(metrics.worker_utilization)]]),
    classes.length ? el("div", {}, el("h2", { text: "Classes of jobs" }), el("ul", { class: "list" }, ...classes.slice(0, 20).map((row) =>
      el("li", {}, el("span", { class: "cut", text: row.job }), el("span", { class: "dim small num", text: `${num(row.jobs_processed)} done, ${num(row.jobs_failed)} failed` }))))) : null,
    ...bottlenecks.map((row) => el("div", { class: "banner", text: `${row.description}. ${row.suggestion}` }))];
}

export async function showQueue(queue) {
  const row = () => state.queues.get(queue);
  if (!row()) return;
  const body = el("div", { class: "body" }), mark = badge("");
  const toggle = button("Pause", () => pause(row()));
  const tools = isOperator() ? [toggle, button("Scale", () => scale(row())), button("Restart workers", () => restartWorkers(queue))] : [];
  const live = el("div"), reasons = el("div"), metrics = el("div", { class: "body" });
  metrics.style.padding = "0";
  body.append(live, el("h2", { text: "Why it has so many workers" }), reasons, el("h2", { text: "The last hour, on all hosts" }), metrics);
  const write = () => {
    const now = row();
    if (!now) return;
    setBadge(mark, now.paused ? "paused" : `${now.running} of ${plural(now.wanted, "worker")}`);
    put(toggle, now.paused ? "Resume" : "Pause");
    const m = now.metrics ?? {};
    live.replaceChildren(facts([["Oldest wait", `${m.oldest_ms === null || m.oldest_ms === undefined ? "nobody waits" : dur(m.oldest_ms)}${now.promised_ms ? `; promised are ${dur(now.promised_ms)}` : ""}`],
      ["Jobs", `${num(m.ready)} waiting, ${num(m.reserved)} running, ${num(m.delayed)} delayed, ${num(m.failed)} failed`],
      ["Bounds", `${now.min_workers} to ${now.max_workers} workers`], ["Order", now.order && `${plural(now.order.workers, "worker")}: ${now.order.reason}`],
      ["Connection", now.connection], ["Command of the scaler", now.command_error]]));
  };
  write();
  const stop = onChange(write);
  openDrawer(queue, [mark, ...tools], body, stop);
  const name = encodeURIComponent(queue);
  get(`/queues/${name}/scaling`).then((answer) => reasons.replaceChildren(why(answer))).catch((error) => put(reasons, error.message));
  get(`/queues/${name}/metrics?window=3600`).then((answer) => metrics.replaceChildren(...figures(answer).filter(Boolean)))
    .catch((error) => put(metrics, error.message));
}

// Logs

const LOG_MAX = 400000; // characters that are shown

async function follow(path, show, signal) {
  const answer = await fetch(path, { signal });
  if (!answer.ok) throw new Error((await answer.json()).detail);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    show(value);
  }
}

export function showLog(row) {
  const key = programKey(row), log = el("pre", { class: "log", tabindex: 0, "aria-label": `Log of ${key}` }), mark = badge(row.state);
  let control = null, stream = row.stdout ? "stdout" : "stderr";
  const tabs = ["stdout", "stderr"].filter((name) => row[name]).map((name) => button(name, () => begin(name), { "aria-pressed": "false" }));
  const show = (text) => {
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.append(text);
    while (log.textContent.length > LOG_MAX && log.childNodes.length > 1) log.firstChild.remove();
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  };
  function begin(name) {
    control?.abort();
    control = new AbortController();
    stream = name;
    tabs.forEach((tab) => {
      tab.setAttribute("aria-pressed", String(tab.textContent === stream));
      tab.className = tab.textContent === stream ? "primary" : "";
    });
    log.replaceChildren();
    follow(`${location.origin}/logtail/${encodeURIComponent(`${row.group}:${row.name}`)}/${stream}`, show, control.signal)
      .catch((error) => error.name !== "AbortError" && show(`[${error.message}]\n`));
  }
  const now = () => state.programs.get(key) ?? row;
  const does = (what) => button(what[0].toUpperCase() + what.slice(1), () => program(now(), what));
  const stop = onChange(() => setBadge(mark, now().state));
  openDrawer(key, [mark, ...tabs, ...(isOperator() ? [does("start"), does("stop"), does("restart")] : [])], log, () => {
    control?.abort();
    stop();
  });
  if (row.stdout || row.stderr) begin(stream);
  else show("This program has no log.\n");
}

// Failed jobs of one kind

export function showFailed(group, reload) {
  const body = el("div", { class: "body" });
  const again = async (what, jobs) => { if (await onFailed(what, jobs, group.pattern)) { reload(); document.querySelector("#drawer .top .ghost")?.click(); } };
  for (const job of group.jobs.slice(0, 50)) {
    const tools = isOperator() ? [button("Retry", () => again("retry", [job])), button("Forget", () => again("remove", [job]), { class: "danger" })] : [];
    body.append(el("section", {}, el("div", { class: "row" }, el("b", { class: "mono", text: job.uuid }),
      el("span", { class: "dim small", text: `${job.queue} · attempt ${job.attempts} · ${when(job.failed_at)} (${ago(job.failed_at)})` }), el("span", { class: "grow" }), ...tools),
    el("pre", { class: "text", text: job.exception ?? job.cause }),
    el("details", {}, el("summary", { class: "dim small", text: "Payload" }), el("pre", { class: "text", text: JSON.stringify(job.payload, null, 2) }))));
  }
  if (group.jobs.length > 50) body.append(el("p", { class: "dim", text: `and ${num(group.jobs.length - 50)} more of the same kind` }));
  const tools = isOperator() ? [button("Retry all", () => again("retry", group.jobs), { class: "primary" }),
    button("Forget all", () => again("remove", group.jobs), { class: "danger" })] : [];
  openDrawer(`${group.job}: ${plural(group.jobs.length, "failed job")}`, tools, body);
}
