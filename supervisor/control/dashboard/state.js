// SPDX-License-Identifier: MIT
// What is known of the daemon: the overview, kept up to date by its events.
import { toast } from "./dom.js";

export const state = {
  session: { role: "reader" }, daemon: null, scaling: {}, link: "connecting",
  queues: new Map(), workers: new Map(), programs: new Map(), alerts: new Map(),
  audit: [], history: [], told: [], serial: 0,
};
// Not relative: what was typed into the address may have a password in it, which fetch refuses.
export const API = `${location.origin}/api/v1`;
export const programKey = (row) => row.group === row.name ? row.name : `${row.group}:${row.name}`;
export const isOperator = () => state.session.role === "operator";
export const connections = () => [...new Set([...state.queues.values()].map((row) => row.connection))].sort();

const listeners = new Set();
let planned = false;
export function changed() {
  state.serial++;
  if (planned) return;
  planned = true;
  const run = () => { planned = false; for (const listener of listeners) listener(); };
  requestAnimationFrame(run);
}
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export async function get(path) {
  const answer = await fetch(`${API}${path}`, { headers: { Accept: "application/json" } });
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.detail || answer.statusText);
  return value;
}

// JSON alone, from our own page: what the server asks for of who changes something.
export async function post(path, body = {}) {
  const answer = await fetch(`${API}${path}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.detail || answer.statusText);
  return value;
}

export async function act(done, path, body) {
  try {
    const answer = await post(path, body);
    if (done) toast(typeof done === "function" ? done(answer) : done);
    return answer;
  } catch (error) {
    toast(error.message, "bad");
    return null;
  }
}

export const alertKey = (row) => [row.type, row.queue, row.connection].join(" ");

// The rate of a queue is what the last minute has added to its attempts.
const MINUTE = 60000;
function sample(row, before) {
  const now = Date.now(), samples = before?.samples ?? [{ at: now, attempts: row.attempts }];
  if (before && row.attempts < before.attempts) samples.length = 0;
  if (!samples.length || samples.at(-1).attempts !== row.attempts) samples.push({ at: now, attempts: row.attempts });
  row.samples = samples;
}
export function rate(row) {
  const { samples } = row, now = Date.now();
  while (samples.length > 1 && now - samples[1].at > MINUTE) samples.shift();
  if (samples.length > 1 && now - samples[0].at > MINUTE) samples[0].at = now - MINUTE;
  const first = samples[0];
  return Math.max(0, row.attempts - first.attempts) * MINUTE / Math.max(MINUTE / 6, now - first.at);
}
const putQueue = (row) => {
  sample(row, state.queues.get(row.queue));
  state.queues.set(row.queue, row);
};

function keepOnly(map, keys) {
  for (const key of map.keys()) if (!keys.has(key)) map.delete(key);
}

let loading = null, again = false;
export function load() {
  if (loading) { again = true; return loading; }
  loading = get("/overview").then((all) => {
    state.daemon = all;
    state.skew = all.now - Date.now();
    state.scaling = all.scaling;
    all.queues.forEach(putQueue);
    keepOnly(state.queues, new Set(all.queues.map((row) => row.queue)));
    state.workers = Map.groupBy ? Map.groupBy(all.workers, (row) => row.queue) : group(all.workers);
    all.programs.forEach((row) => state.programs.set(programKey(row), row));
    keepOnly(state.programs, new Set(all.programs.map(programKey)));
    state.alerts = new Map(all.alerts.map((row) => [alertKey(row), row]));
    changed();
  }).catch((error) => toast(error.message, "bad")).finally(() => {
    loading = null;
    if (again) { again = false; load(); }
  });
  return loading;
}
function group(rows) {
  const map = new Map();
  for (const row of rows) map.has(row.queue) ? map.get(row.queue).push(row) : map.set(row.queue, [row]);
  return map;
}

const handlers = {
  hello: load, reset: load, refresh: load,
  dropped() {},
  programs: (data) => data.programs.forEach((row) => state.programs.set(programKey(row), row)),
  queues: (data) => data.queues.forEach(putQueue),
  workers: (data) => state.workers.set(data.queue, data.workers),
  scaling: (row) => { state.history.unshift(row); state.history.length = Math.min(state.history.length, 1000); },
  alert(row) {
    state.told.unshift(row);
    if (row.state === "resolved") state.alerts.delete(alertKey(row));
    else state.alerts.set(alertKey(row), row);
  },
  audit: (row) => { state.audit.unshift(row); state.audit.length = Math.min(state.audit.length, 500); },
};

function setLink(link) {
  state.link = link;
  changed();
}

export function listen() {
  const source = new EventSource(`${API}/events`);
  for (const [name, handle] of Object.entries(handlers))
    source.addEventListener(name, (event) => {
      handle(JSON.parse(event.data));
      changed();
    });
  // A page that the browser keeps for its Back button holds no connection.
  addEventListener("pagehide", () => source.close(), { once: true });
  source.onopen = () => setLink("live");
  source.onerror = () => {
    setLink("gone");
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  };
}
