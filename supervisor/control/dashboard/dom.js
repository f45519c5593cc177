// SPDX-License-Identifier: MIT
// Elements and texts. What comes from jobs, programs and logs is shown as text alone: nothing here makes markup of it.
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Writes only what has changed: that is cheap, and keeps what somebody has selected.
export function put(node, text) {
  const wanted = String(text ?? "");
  if (node.textContent !== wanted) node.textContent = wanted;
}

export function putClass(node, name) {
  if (node.getAttribute("class") !== name) node.setAttribute("class", name);
}

export const button = (text, onclick, more = {}) => el("button", { type: "button", text, onclick, ...more });

export const empty = (title, text) => el("div", { class: "empty" }, el("b", { text: title }), el("span", { text }));

// A bar from 0 to 1 that turns with its class.
export function bar() {
  const fill = svg("rect", { class: "fill", width: 0, height: 5 });
  const node = svg("svg", { class: "bar", viewBox: "0 0 100 5", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "track", width: 100, height: 5 }), fill);
  return { node, set(part, kind) {
    const width = String(Math.round(Math.max(0, Math.min(1, part)) * 1000) / 10);
    if (fill.getAttribute("width") !== width) fill.setAttribute("width", width);
    putClass(node, `bar ${kind}`);
  } };
}

export function spark() {
  const line = svg("path"), area = svg("path", { class: "area" });
  const node = svg("svg", { class: "spark", viewBox: "0 0 100 26", preserveAspectRatio: "none", role: "img" }, area, line);
  return { node, set(values, label) {
    const top = Math.max(1, ...values), step = values.length > 1 ? 100 / (values.length - 1) : 100;
    const points = values.map((value, i) => `${(i * step).toFixed(1)} ${(24 - 22 * value / top).toFixed(1)}`).join("L");
    const path = points ? `M${points}` : "";
    if (line.getAttribute("d") === path && node.getAttribute("aria-label") === label) return;
    line.setAttribute("d", path);
    area.setAttribute("d", path && `${path}L100 26L0 26Z`);
    node.setAttribute("aria-label", label);
  } };
}

const plain = new Intl.NumberFormat("en");
export const num = (value) => value === null || value === undefined ? "–" : plain.format(Math.round(value));
export const plural = (count, word) => `${num(count)} ${word}${count === 1 ? "" : "s"}`;

export function dur(ms) {
  if (ms === null || ms === undefined) return "–";
  const s = ms / 1000;
  if (s < 1) return ms < 1 ? "0 s" : `${Math.round(ms)} ms`;
  if (s < 60) return `${s < 10 ? Math.floor(s * 10) / 10 : Math.floor(s)} s`;
  const two = (large, unit, small, part) => Math.floor(small) ? `${Math.floor(large)} ${unit} ${Math.floor(small)} ${part}` : `${Math.floor(large)} ${unit}`;
  if (s < 3600) return two(s / 60, "m", s % 60, "s");
  if (s < 86400) return two(s / 3600, "h", s % 3600 / 60, "m");
  return two(s / 86400, "d", s % 86400 / 3600, "h");
}

export function bytes(value) {
  if (!value) return "–";
  return value < 1 << 20 ? `${Math.round(value / 1024)} KiB` : value < 1 << 30 ? `${(value / (1 << 20)).toFixed(1)} MiB`
    : `${(value / (1 << 30)).toFixed(2)} GiB`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });
export function when(ms) {
  if (!ms) return "–";
  const date = new Date(ms);
  return Date.now() - ms < 72000000 ? clock.format(date) : `${day.format(date)}, ${clock.format(date)}`;
}
export const ago = (ms) => ms ? `${dur(Math.max(0, Date.now() - ms))} ago` : "never";

// "since 14:03:22, for 3 s"
export const since = (ms) => `since ${when(ms)}, for ${dur(Math.floor(Math.max(0, Date.now() - ms) / 1000) * 1000)}`;

export function toast(text, kind = "") {
  const node = el("div", { class: `toast ${kind}`, text });
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), kind ? 8000 : 3500);
}
