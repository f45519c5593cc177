// SPDX-License-Identifier: MIT
// The frame: sections, keys, theme.
import { el, put, putClass, toast } from "./dom.js";
import { state, get, load, listen, onChange } from "./state.js";
import { overview, queues, workers, programsView } from "./live.js";
import { failed, batches, scaling, alerts, audit } from "./kept.js";
import { closeDrawer } from "./parts.js";
import { showLog } from "./drawers.js";

const sum = (value) => [...state.queues.values()].reduce((total, row) => total + (value(row) ?? 0), 0);
const SECTIONS = [
  ["overview", "Overview", overview], ["queues", "Queues", queues, () => state.queues.size],
  ["workers", "Workers", workers, () => sum((row) => row.running)], ["programs", "Programs", programsView, () => state.programs.size],
  ["failed", "Failed", failed, () => sum((row) => row.metrics?.failed)], ["batches", "Batches", batches], ["scaling", "Scaling", scaling],
  ["alerts", "Alerts", alerts, () => state.alerts.size, "bad"], ["audit", "Audit", audit],
];
const main = document.getElementById("main"), nav = document.getElementById("nav");
let view = null, current = "";

const links = SECTIONS.map(([name, label, , count, kind]) => {
  const number = el("span", { class: `count ${kind ?? "dim"}`, hidden: true });
  const link = el("a", { href: `#/${name}` }, label, number);
  nav.append(link);
  return { name, link, update() {
    const value = count?.();
    number.hidden = !value;
    put(number, value ? value : "");
  } };
});

function decode(text) {
  try { return decodeURIComponent(text ?? ""); } catch { return ""; }
}

function go() {
  const [, name, rest] = /^#\/([a-z]+)(?:\/(.*))?$/.exec(location.hash) ?? [null, "overview"];
  const wanted = name === "log" ? "programs" : name;
  const section = SECTIONS.find((one) => one[0] === wanted) ?? SECTIONS[0];
  if (section[0] !== current) {
    closeDrawer(false);
    view?.leave?.();
    current = section[0];
    scrollTo(0, 0);
    view = section[2](main, name === "queues" && rest ? decode(rest) : "");
    document.title = `${section[1]} · Muster`;
    for (const { name: own, link } of links) own === current ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
    links.find((one) => one.name === current).link.scrollIntoView({ block: "nearest", inline: "center" });
  }
  update();
  if (name === "log" && rest) {
    const key = decode(rest), [group, process] = key.split(":");
    const row = state.programs.get(key) ?? (group === process && state.programs.get(group));
    row ? showLog(row) : toast(`There is no program ${key}`, "bad");
  }
}

const LINKS = { connecting: "connecting…", live: "live", gone: "no connection" };
function update() {
  if (!state.daemon) return;
  links.forEach((link) => link.update());
  const link = document.getElementById("link");
  const stopping = state.daemon.state !== "running" && state.link === "live";
  put(link, stopping ? state.daemon.state : LINKS[state.link]);
  putClass(link, `link ${stopping ? "" : state.link}`);
  view?.update();
}

// Theme: the system's, until one is chosen.
const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)");
const stored = (() => { try { return localStorage.getItem("theme"); } catch { return null; } })();
if (stored === "light" || stored === "dark") root.dataset.theme = stored;
function flipTheme() {
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  root.dataset.theme = isDark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* it holds for this page */ }
}

const KEYS = [["1 … 9", "the sections"], ["/", "find"], ["↑ ↓ or j k", "move in a table"], ["Enter", "open"], ["Esc", "close"],
  ["p", "pause or resume the queue"], ["s", "scale the queue; start the program"], ["x", "stop the program"],
  ["r", "restart the program, or the queue's workers"], ["l", "log of the program"], ["t", "light or dark"], ["?", "these keys"]];
function showKeys() {
  const dialog = document.getElementById("dialog");
  dialog.replaceChildren(el("div", { class: "grid" }, el("h2", { text: "Keys" }),
    el("dl", {}, ...KEYS.flatMap(([key, what]) => [el("dt", {}, el("kbd", { text: key })), el("dd", { text: what })])),
    el("div", { class: "row" }, el("button", { type: "button", text: "Close", onclick: () => dialog.close() }))));
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.getElementById("dialog").open) return;
  if (event.key === "Escape" && closeDrawer()) return;
  if (event.target.closest("input, select, textarea")) {
    if (event.key === "Escape" || event.key === "ArrowDown") (document.querySelector(".tbody [tabindex='0']") ?? main).focus();
    return;
  }
  if (/^[1-9]$/.test(event.key)) location.hash = `#/${SECTIONS[event.key - 1][0]}`;
  else if (event.key === "/") document.getElementById("search")?.focus();
  else if (event.key === "?") showKeys();
  else if (event.key === "t") flipTheme();
  else if (["ArrowDown", "j"].includes(event.key) && event.target === document.body) document.querySelector(".tbody [tabindex='0']")?.focus();
  else return;
  event.preventDefault();
});
document.getElementById("theme").addEventListener("click", flipTheme);
document.getElementById("help").addEventListener("click", showKeys);
addEventListener("hashchange", go);
addEventListener("pagehide", () => closeDrawer(false));
addEventListener("pageshow", (event) => event.persisted && listen());

get("/session").then((session) => {
  state.session = session;
  const who = document.getElementById("who");
  put(who, `${session.user ?? "no password"}, ${session.role} · ${session.version}`);
  return load();
}).then(() => {
  go();
  onChange(update);
  setInterval(() => document.hidden || update(), 1000);
  listen();
}).catch((error) => { put(main, error.message); main.className = "pad"; });
