// SPDX-License-Identifier: MIT
// A table of which only the rows exist that can be seen, so thousands of rows cost what forty do.
import { el, put, empty } from "./dom.js";
import { isOperator } from "./state.js";

const MARGIN = 8; // rows beyond the edges
const NARROW = matchMedia("(max-width: 760px)"), MIDDLE = matchMedia("(max-width: 1080px)");

// columns: {id, label, width, narrow: the width on a phone, text(row) or make(cell) -> update(row), sort(row), cls, hide: "mid" | "wide",
// only: it is for operators}
export class Table {
  constructor({ label, columns: all, key, sort, open, keys = {}, tall = false, none }) {
    const columns = all.filter((column) => !column.only || isOperator());
    Object.assign(this, { columns, key, open, keys, none, rows: [], shown: [], live: new Map(), by: sort });
    this.height = tall ? 60 : 44;
    this.body = el("div", { class: "tbody", role: "rowgroup" });
    this.titles = el("div", { class: "tr thead", role: "row" });
    this.node = el("div", { class: `table${tall ? " tall" : ""}`, role: "table", "aria-label": label }, this.titles, this.body);
    this.noneNode = el("div", { hidden: true });
    this.node.append(this.noneNode);
    columns.forEach((column) => this.addTitle(column));
    this.body.addEventListener("keydown", (event) => this.onKey(event));
    this.redraw = () => this.draw();
    addEventListener("scroll", this.redraw, { passive: true });
    addEventListener("resize", this.redraw);
  }

  leave() {
    removeEventListener("scroll", this.redraw);
    removeEventListener("resize", this.redraw);
  }

  addTitle(column) {
    const cell = el("div", { class: `th ${column.cls ?? ""} ${column.hide ?? ""}`, role: "columnheader" });
    if (column.sort) cell.append(el("button", { type: "button", text: column.label, onclick: () => this.sortBy(column) }));
    else cell.append(column.label ?? "");
    column.title = cell;
    this.titles.append(cell);
  }

  sortBy(column) {
    const down = this.by?.column === column.id ? !this.by.down : Boolean(column.down);
    this.by = { column: column.id, down };
    this.update(this.rows);
  }

  // Rows in the order that they come in, or sorted by the chosen column.
  update(rows) {
    this.rows = rows;
    const column = this.by && this.columns.find((one) => one.id === this.by.column);
    this.shown = rows;
    if (column) {
      const sign = this.by.down ? -1 : 1, value = column.sort;
      this.shown = rows.map((row, i) => [value(row), i, row])
        .sort((a, b) => (a[0] < b[0] ? -sign : a[0] > b[0] ? sign : a[1] - b[1])).map((entry) => entry[2]);
    }
    for (const one of this.columns) {
      if (one.id === this.by?.column) one.title.setAttribute("aria-sort", this.by.down ? "descending" : "ascending");
      else one.title.removeAttribute("aria-sort");
    }
    this.node.setAttribute("aria-rowcount", rows.length);
    const isEmpty = rows.length === 0;
    const said = isEmpty ? this.none() : [];
    if (isEmpty && said[0] !== this.said) this.noneNode.replaceChildren(empty(...said));
    [this.said] = said;
    this.noneNode.hidden = !isEmpty;
    this.titles.hidden = isEmpty;
    this.draw();
  }

  draw() {
    const hides = (column) => (column.hide === "mid" && MIDDLE.matches) || (column.hide === "wide" && NARROW.matches) ||
      (column.hide === "mid" && NARROW.matches);
    this.node.style.setProperty("--cols", this.columns.filter((column) => !hides(column))
      .map((column) => (NARROW.matches && column.narrow) || column.width).join(" "));
    this.body.style.height = `${this.shown.length * this.height}px`;
    const top = this.body.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(-top / this.height) - MARGIN);
    const last = Math.min(this.shown.length, Math.ceil((innerHeight - top) / this.height) + MARGIN);
    const wanted = new Set();
    for (let i = first; i < last; i++) {
      const row = this.shown[i], key = this.key(row);
      wanted.add(key);
      const line = this.live.get(key) ?? this.makeLine(key);
      line.row = row;
      line.index = i;
      const place = `${i * this.height}px`;
      if (line.node.style.top !== place) line.node.style.top = place;
      line.node.setAttribute("aria-rowindex", i + 1);
      for (const write of line.writes) write(row);
    }
    for (const [key, line] of this.live)
      if (!wanted.has(key) && !line.node.contains(document.activeElement)) {
        line.node.remove();
        this.live.delete(key);
      }
    this.arrange();
    const focusable = [...this.live.values()].find((line) => line.node.tabIndex === 0);
    if (!focusable && this.live.size) this.live.values().next().value.node.tabIndex = 0;
  }

  // The Tab key and screen readers go by the order of the elements, not by where they are shown.
  arrange() {
    const active = document.activeElement;
    let next = this.body.firstElementChild;
    for (const { node } of [...this.live.values()].sort((a, b) => a.index - b.index)) {
      if (node === next) next = next.nextElementSibling;
      else this.body.insertBefore(node, next);
    }
    if (active !== document.activeElement && this.body.contains(active)) active.focus({ preventScroll: true });
  }

  makeLine(key) {
    const line = { node: el("div", { class: "tr", role: "row", tabindex: -1 }), writes: [], row: null };
    line.node.dataset.key = key;
    for (const column of this.columns) {
      const cell = el("div", { class: `td ${column.cls ?? ""} ${column.hide ?? ""}`, role: "cell" });
      line.writes.push(column.make ? column.make(cell, () => line.row)
        : (row) => { put(cell, column.text(row)); if (column.tip) cell.title = column.tip(row) ?? ""; });
      line.node.append(cell);
    }
    if (this.open) line.node.addEventListener("click", (event) => {
      if (!event.target.closest("button, a, input") && !String(getSelection())) this.open(line.row);
    });
    this.live.set(key, line);
    this.body.append(line.node);
    return line;
  }

  focus(index) {
    const at = Math.max(0, Math.min(this.shown.length - 1, index));
    const top = this.body.getBoundingClientRect().top + scrollY + at * this.height;
    if (top < scrollY + 60) scrollTo(0, top - 60);
    else if (top + this.height > scrollY + innerHeight) scrollTo(0, top + this.height - innerHeight + 20);
    this.draw();
    for (const line of this.live.values()) {
      line.node.tabIndex = line.index === at ? 0 : -1;
      if (line.index === at) line.node.focus({ preventScroll: true });
    }
  }

  onKey(event) {
    const line = [...this.live.values()].find((one) => one.node === event.target);
    if (!line || event.ctrlKey || event.altKey || event.metaKey) return;
    const moves = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 };
    if (event.key in moves) this.focus(line.index + moves[event.key]);
    else if (event.key === "Enter" && this.open) this.open(line.row);
    else if (this.keys[event.key]) this.keys[event.key](line.row);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
