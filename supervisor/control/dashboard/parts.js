// SPDX-License-Identifier: MIT
// What several views share: dialogs, the drawer, badges, and what can be done to queues and programs.
import { el, button, plural, toast } from "./dom.js";
import { act, isOperator, programKey } from "./state.js";

const KINDS = {
  RUNNING: "ok", STARTING: "warn", BACKOFF: "bad", STOPPING: "warn", FATAL: "bad", UNKNOWN: "bad",
  idle: "", busy: "ok", draining: "warn", "store away": "bad", "no handler": "bad",
  error: "bad", warning: "warn", raised: "bad", resolved: "ok", repeated: "warn",
  completed: "ok", failed: "bad", cancelled: "", pending: "warn", running: "ok", stopping: "warn",
};
export const kindOf = (word) => KINDS[word] ?? "";
export const badge = (word) => el("span", { class: `badge ${kindOf(word)}`, text: word });
export function setBadge(node, word) {
  const name = `badge ${kindOf(word)}`;
  if (node.textContent !== word) node.textContent = word;
  if (node.className !== name) node.className = name;
}

export function head(title, ...more) {
  return el("div", { class: "head" }, el("h1", { text: title }), el("span", { class: "grow" }), ...more);
}

export function search(label, onInput) {
  return el("input", { type: "search", class: "search", placeholder: `${label}  ( / )`, "aria-label": label, id: "search",
    autocomplete: "off", spellcheck: "false", oninput: (event) => onInput(event.target.value.trim().toLowerCase()) });
}

// Asks in a dialog; fields: {name, label, value, type}. Gives their values, or null.
export function ask({ title, text, yes, danger, fields = [] }) {
  const dialog = document.getElementById("dialog");
  return new Promise((resolve) => {
    const inputs = fields.map((field) => el("input", { name: field.name, type: field.type ?? "text", value: field.value ?? "",
      min: field.min, max: field.max, required: field.required }));
    const confirm = el("button", { class: danger ? "danger" : "primary", type: "submit", text: yes });
    const form = el("form", { method: "dialog" }, el("h2", { text: title }), text && el("p", { class: "dim", text }),
      ...fields.map((field, i) => el("label", {}, field.label, inputs[i])),
      el("div", { class: "row" }, button("Cancel", () => dialog.close()), confirm));
    let values = null;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      values = Object.fromEntries(inputs.map((input) => [input.name, input.value]));
      dialog.close();
    });
    dialog.addEventListener("close", () => resolve(values), { once: true });
    dialog.replaceChildren(form);
    dialog.showModal();
    (inputs[0] ?? confirm).focus();
  });
}

// The drawer on the right, one at a time; leave is called when it closes.
let leaving = null, before = null;
export function openDrawer(title, top, body, leave) {
  closeDrawer(false);
  const drawer = document.getElementById("drawer");
  before = document.activeElement;
  leaving = leave;
  const close = button("Close", () => closeDrawer(), { class: "ghost", title: "Close (Esc)" });
  drawer.replaceChildren(el("div", { class: "top" }, el("h2", { text: title }), ...top, el("span", { class: "grow" }), close), body);
  drawer.hidden = false;
  close.focus();
}
export function closeDrawer(restore = true) {
  const drawer = document.getElementById("drawer");
  if (drawer.hidden) return false;
  drawer.hidden = true;
  drawer.replaceChildren();
  leaving?.();
  leaving = null;
  if (restore) before?.isConnected && before.focus();
  if (restore && location.hash.startsWith("#/log/")) location.hash = "#/programs";
  return true;
}

// Orders

const at = (queue) => `/queues/${encodeURIComponent(queue)}`;
export const pause = (row) => isOperator() && (row.paused
  ? act(`${row.queue} goes on`, `${at(row.queue)}/resume`) : act(`${row.queue} is being paused`, `${at(row.queue)}/pause`));
export const pauseAll = () => act("All queues are being paused", "/queues/*/pause");
export const resumeAll = () => act("All queues go on", "/queues/*/resume");

export async function scale(row) {
  if (!isOperator()) return;
  const values = await ask({ title: `Scale ${row.queue}`, yes: "Scale",
    text: `It has ${plural(row.wanted, "worker")} and may have from ${row.min_workers} to ${row.max_workers}.`,
    fields: [{ name: "workers", label: "Workers", type: "number", value: row.wanted, min: 0, max: 10000, required: true },
      { name: "reason", label: "Why (is kept in the history)", value: "" }] });
  if (!values) return;
  act((answer) => `${row.queue}: ${answer.from} → ${plural(answer.to, "worker")}`, `${at(row.queue)}/scale`,
    { workers: Number(values.workers), ...(values.reason && { reason: values.reason }) });
}

export const restartWorkers = (queue) => isOperator() &&
  act(`New workers of ${queue} are started; the old ones finish their jobs`, "/workers/restart", { queue });

const DONE = { start: "is being started", stop: "is being stopped", restart: "is being restarted" };
export async function program(row, what) {
  if (!isOperator()) return;
  const name = programKey(row);
  const sure = what !== "stop" || await ask({ title: `Stop ${name}?`, text: "It stays stopped until it is started again.",
    yes: "Stop", danger: true });
  if (sure) act(`${name} ${DONE[what]}`, `/programs/${what}`, { names: [`${row.group}:${row.name}`] });
}

export async function programs(rows, what) {
  const many = plural(rows.length, "program");
  if (rows.length && await ask({ title: `${what[0].toUpperCase()}${what.slice(1)} ${many}?`, yes: what, danger: what === "stop" }))
    act(`${many}: ${what}`, `/programs/${what}`, { names: rows.map((row) => `${row.group}:${row.name}`) });
}

export async function onFailed(what, jobs, label) {
  const verb = what === "retry" ? "Retry" : "Forget";
  const many = plural(jobs.length, "failed job");
  if (what === "remove" && !await ask({ title: `${verb} ${many}?`, text: label, yes: verb, danger: true })) return false;
  let count = 0;
  for (const connection of new Set(jobs.map((job) => job.connection))) {
    const uuids = jobs.filter((job) => job.connection === connection).map((job) => job.uuid);
    for (let i = 0; i < uuids.length; i += 500) {
      const answer = await act("", `/failed/${what}?connection=${encodeURIComponent(connection)}`, { uuids: uuids.slice(i, i + 500) });
      if (!answer) return true;
      count += answer.count;
    }
  }
  toast(what === "retry" ? `${plural(count, "job")} queued again` : `${plural(count, "failed job")} forgotten`);
  return true;
}
