// The list of runs, latest first. A run is always shown as the gateway tells it: events only say
// which ones to ask for anew, and the rows that changed are changed in place.

import * as address from "./address.js";
import { ask } from "./api.js";
import {
  byId, chip, count, element, minutes, number, printable, repository,
  setChildren, setText, setTime,
} from "./dom.js";

const PAGE = 50;
// More than these are not asked for one by one.
const SINGLE = 4;

// Every run that is listed, and the one whose timeline is shown; `order` is what the list shows.
const held = new Map();
const rows = new Map();
let order = [];
let wanted = PAGE;
let state = "";
let further = false;

export const filter = () => state;
export const run = (id) => held.get(id);
export const shown = () => order.map((id) => held.get(id));

function cell(name, className, ...children) {
  const label = element("span", { className: "label", textContent: `${name} ` });
  return element("span", { className: `cell ${className}` }, label, ...children);
}

function makeRow(id) {
  const text = (className) => element("span", { className });
  const row = {
    chip: chip(""),
    gates: text("gates"),
    repo: text("repo"),
    branch: element("code", { className: "branch" }),
    error: element("code", { className: "error-code" }),
    project: element("code"),
    started: element("time"),
    updated: element("time"),
    events: text("events"),
  };
  row.link = element(
    "a",
    { className: "row" },
    cell("State", "state", row.chip, row.gates),
    cell("Repository", "where", row.repo, row.branch, row.error),
    cell("Project", "project", row.project),
    cell("Started", "started", row.started),
    cell("Last change", "updated", row.updated),
    cell("Events", "number", row.events),
  );
  row.item = element("li", {}, row.link);
  rows.set(id, row);
  return row;
}

function fill(row, told) {
  row.chip.className = `chip ${told.state}`;
  setText(row.chip, printable(told.state));
  setText(row.gates, told.gates.length ? count(told.gates.length, "gate") : "");
  setChildren(row.repo, repository(told.repo_url));
  setText(row.branch, printable(told.branch));
  setText(row.error, told.error_code ? printable(told.error_code) : "");
  setText(row.project, printable(told.project_id));
  setTime(row.started, told.started_at, minutes);
  setTime(row.updated, told.updated_at, minutes);
  setText(row.events, number(told.events_count));
}

// Puts the rows into their order; those that stand right are not touched.
function arrange() {
  const list = byId("runs-list");
  const listed = new Set(order);
  for (const [id, row] of rows) {
    if (listed.has(id)) continue;
    row.item.remove();
    rows.delete(id);
  }
  let at = list.firstElementChild;
  for (const id of order) {
    const row = rows.get(id) ?? makeRow(id);
    fill(row, held.get(id));
    if (row.item === at) at = at.nextElementSibling;
    else list.insertBefore(row.item, at);
  }
  const chosen = address.read().run;
  for (const id of held.keys()) if (!listed.has(id) && id !== chosen) held.delete(id);
  byId("more").hidden = !further;
  setText(byId("runs-count"), `${further ? "latest " : ""}${number(order.length)}`);
}

export function mark(id) {
  for (const [other, { link }] of rows) {
    link.href = address.link({ run: other });
    if (other === id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

export const focus = (id) => rows.get(id)?.link.focus();

function query(changes) {
  return `runs?${new URLSearchParams({ limit: PAGE, ...(state && { state }), ...changes })}`;
}

// The latest runs, in front of the earlier ones that are shown and still follow on them.
function join({ runs: latest, next }) {
  const ids = latest.map((told) => told.run_id);
  for (const told of latest) held.set(told.run_id, told);
  const last = order.indexOf(ids.at(-1));
  const behind = next && last >= 0 ? order.slice(last + 1) : [];
  if (!behind.length) further = Boolean(next);
  const all = [...ids, ...behind.filter((id) => !ids.includes(id))];
  order = all.slice(0, wanted);
  further ||= all.length > order.length;
}

// Both return whether the answer still counts: not if another state is asked for by now.
export async function latest(signal) {
  const asked = state;
  const page = await ask(query(), signal);
  if (asked !== state) return false;
  join(page);
  arrange();
  return true;
}

export async function more(signal) {
  const asked = state;
  const { runs: earlier, next } = await ask(query({ before: order.at(-1) }), signal);
  if (asked !== state) return false;
  for (const told of earlier) held.set(told.run_id, told);
  order.push(...earlier.map((told) => told.run_id).filter((id) => !order.includes(id)));
  wanted = Math.max(wanted, order.length);
  further = Boolean(next);
  arrange();
  return true;
}

export async function single(id, signal) {
  const told = await ask(`runs/${id}`, signal);
  held.set(id, told);
  if (order.includes(id)) {
    if (state && told.state !== state) order = order.filter((other) => other !== id);
    arrange();
  }
  return told;
}

// Asks anew for runs that something happened in, and returns those that are left for next time.
export async function changed(ids, signal) {
  const left = new Set(ids);
  const known = [...left].filter((id) => held.has(id));
  if (known.length < left.size || known.length > SINGLE) {
    await latest(signal);
    for (const id of order.slice(0, PAGE)) left.delete(id);
    for (const id of left) if (!held.has(id)) left.delete(id);
  }
  for (const id of [...left].slice(0, SINGLE)) {
    await single(id, signal);
    left.delete(id);
  }
  return left;
}

function empty() {
  order = [];
  wanted = PAGE;
  further = false;
  arrange();
}

export function choose(given) {
  state = given;
  empty();
}

// The next token may not be granted what the last one was: nothing is kept.
export function clear() {
  empty();
  held.clear();
}
