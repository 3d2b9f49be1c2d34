"use strict";

// Shows the findings and the summary that the page holds as data. Nothing of them ever becomes
// markup: they are set as text only.

const WINDOW = 100;
const PRINTED = 2000;
const OPTIONS = 10;
const FACETS = [
  { name: "severity", title: "Severity" },
  { name: "class", title: "Class" },
  { name: "rule", title: "Rule" },
  { name: "file", title: "File" },
];

const byId = (id) => document.getElementById(id);
const data = (id) => JSON.parse(byId(id).textContent);
const numbers = new Intl.NumberFormat("en");
const count = (many, noun) => `${numbers.format(many)} ${noun}${many === 1 ? "" : "s"}`;
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// What is not seen could turn the order of a line around or hide in it: its code is shown instead.
function printable(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (char) => {
    const code = char.codePointAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

function place(finding) {
  const parts = [finding.line, finding.column].filter((part) => part !== null);
  return parts.map((part) => `:${part}`).join("");
}

function sizeOf(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const size = bytes / 1000 ** power;
  const digits = power && size < 100 ? 1 : 0;
  return `${size.toLocaleString("en", { maximumFractionDigits: digits })} ${units[power]}`;
}

// A finding, with what it is filtered by and the text that a search looks into.
function rowOf(finding) {
  const { path, rule, severity, pointer, message, excerpt, fingerprint, help } = finding;
  const kind = finding.class ?? finding.category;
  const texts = [
    printable(path) + place(finding), rule, severity, kind, pointer, message, excerpt, help,
    fingerprint,
  ];
  const text = texts.filter(Boolean).join("\n").toLowerCase();
  return { finding, severity, class: kind, rule, file: path, text };
}

const summary = data("summary");
const rows = data("findings").map(rowOf);
rows.sort(
  (a, b) =>
    compare(a.file, b.file) ||
    (a.finding.line ?? 0) - (b.finding.line ?? 0) ||
    (a.finding.column ?? 0) - (b.finding.column ?? 0),
);
const masked = new RegExp(`(<(?:${summary.classes.join("|")})>)`);

// ---- what is asked for: the state of all filters, kept behind the # of the address ----

const asked = Object.fromEntries(FACETS.map(({ name }) => [name, new Set()]));
let query = "";
let matching = rows;
let shown = 0;

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const { name } of FACETS) asked[name] = new Set(given.getAll(name));
  query = given.get("text") ?? "";
}

function writeAddress() {
  const given = new URLSearchParams();
  for (const { name } of FACETS) for (const value of asked[name]) given.append(name, value);
  if (query.trim()) given.set("text", query.trim());
  const hash = given.toString();
  if (hash !== location.hash.slice(1)) {
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }
}

// Returns the rows that every filter lets through and, by facet, how many each value would give
// while the other filters stay.
function filtered() {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const counts = Object.fromEntries(FACETS.map(({ name }) => [name, new Map()]));
  const add = (name, value) => counts[name].set(value, (counts[name].get(value) ?? 0) + 1);
  const through = [];
  for (const row of rows) {
    if (!words.every((word) => row.text.includes(word))) continue;
    const against = FACETS.filter(({ name }) => asked[name].size && !asked[name].has(row[name]));
    if (!against.length) {
      through.push(row);
      for (const { name } of FACETS) add(name, row[name]);
    } else if (against.length === 1) {
      add(against[0].name, row[against[0].name]);
    }
  }
  return { through, counts };
}

function change(edit) {
  edit();
  writeAddress();
  show();
}

function clear() {
  change(() => {
    for (const { name } of FACETS) asked[name].clear();
    query = "";
  });
  byId("query").focus();
}

// ---- facets: a list of values to tick, each with its number of findings ----

class Facet {
  constructor({ name, title }) {
    this.name = name;
    const totals = new Map();
    for (const row of rows) totals.set(row[name], (totals.get(row[name]) ?? 0) + 1);
    this.totals = totals;
    this.values = [...totals.keys()].sort(
      (a, b) => totals.get(b) - totals.get(a) || compare(a, b),
    );
    this.options = new Map();
    this.list = element("div", { className: "options" });
    this.more = element("button", { type: "button", className: "quiet" });
    this.more.addEventListener("click", () => this.grow());
    this.box = element(
      "fieldset",
      {},
      element("legend", { textContent: title }),
      this.list,
      this.more,
    );
    this.limit = 0;
    this.extend(OPTIONS);
  }

  grow() {
    const first = this.values.slice(this.limit).find((value) => !this.options.has(value));
    this.extend(10 * OPTIONS);
    this.update();
    if (first !== undefined) this.options.get(first).box.focus();
  }

  extend(by) {
    this.limit += by;
    for (const value of this.values.slice(this.limit - by, this.limit)) this.offer(value);
  }

  offer(value) {
    if (this.options.has(value)) return;
    const box = element("input", { type: "checkbox", name: this.name, value });
    box.addEventListener("change", () =>
      change(() => (box.checked ? asked[this.name].add(value) : asked[this.name].delete(value))),
    );
    const number = element("span", { className: "number" });
    const label = element(
      "label",
      {},
      box,
      element("span", { className: "value", textContent: printable(value) }),
      number,
    );
    this.options.set(value, { box, label, number });
    this.list.append(label);
  }

  update(counts = this.counts) {
    this.counts = counts;
    for (const value of asked[this.name]) if (this.totals.has(value)) this.offer(value);
    for (const [value, { box, label, number }] of this.options) {
      const many = counts.get(value) ?? 0;
      box.checked = asked[this.name].has(value);
      number.textContent = numbers.format(many);
      label.classList.toggle("empty", many === 0);
      label.style.setProperty("--share", `${(100 * many) / rows.length}%`);
    }
    const left = this.values.length - this.options.size;
    this.more.hidden = left <= 0;
    this.more.textContent = `Show ${numbers.format(Math.min(left, 10 * OPTIONS))} more`;
  }
}

const facets = FACETS.map((facet) => new Facet(facet));

// ---- the list: files, and within a file its findings, a window at a time ----

function excerptOf(text) {
  const parts = text.split(masked).map((part, at) =>
    at % 2
      ? element("mark", { className: part.slice(1, -1), textContent: part })
      : printable(part),
  );
  return element("pre", { className: "excerpt" }, element("code", {}, ...parts));
}

function itemOf({ finding, severity }) {
  const path = printable(finding.path);
  const where = element(
    "code",
    { className: "place" },
    element("span", { className: "path", textContent: path }),
    element("b", { textContent: place(finding) }),
  );
  const head = element(
    "p",
    { className: "head" },
    element("span", { className: `severity ${severity}`, textContent: severity }),
    element("code", { className: "rule", textContent: finding.rule }),
    where,
  );
  if (finding.pointer) {
    head.append(
      element("code", { className: "pointer", textContent: printable(finding.pointer) }),
    );
  }
  const item = element(
    "li",
    { className: severity },
    head,
    element("p", { className: "message", textContent: printable(finding.message) }),
  );
  if (finding.excerpt !== null) item.append(excerptOf(finding.excerpt));
  const fingerprint = element(
    "p",
    { className: "fingerprint" },
    "Fingerprint ",
    element("code", { textContent: finding.fingerprint }),
  );
  const help = element("p", { className: "help", textContent: printable(finding.help) });
  item.append(element("div", { className: "foot" }, help, fingerprint));
  return item;
}

function groupOf(file, many) {
  const only = element("button", {
    type: "button",
    className: "quiet",
    textContent: "Only this file",
    hidden: asked.file.size === 1 && asked.file.has(file),
  });
  only.setAttribute("aria-label", `Only findings in ${printable(file)}`);
  only.addEventListener("click", () => {
    change(() => (asked.file = new Set([file])));
    byId("results").focus();
  });
  const title = element(
    "h3",
    {},
    element("code", { textContent: printable(file) }),
    element("span", { className: "number", textContent: count(many, "finding") }),
  );
  const list = element("ol");
  const group = element(
    "section",
    { className: "group" },
    element("div", { className: "title" }, title, only),
    list,
  );
  return { file, group, list };
}

let group = null;
let perFile = new Map();

function extendList(by) {
  const made = document.createDocumentFragment();
  for (const row of matching.slice(shown, shown + by)) {
    if (group?.file !== row.file) {
      group = groupOf(row.file, perFile.get(row.file));
      made.append(group.group);
    }
    group.list.append(itemOf(row));
  }
  byId("list").append(made);
  shown = Math.min(matching.length, shown + by);
  const left = matching.length - shown;
  byId("rest").hidden = left === 0;
  byId("rest-count").textContent =
    `The first ${numbers.format(shown)} of ${count(matching.length, "finding")} are shown.`;
  byId("more").textContent = `Show ${numbers.format(Math.min(left, WINDOW))} more`;
}

function showChips() {
  const chip = (title, value, remove) => {
    const button = element("button", { type: "button" }, element("span", { textContent: value }));
    button.setAttribute("aria-label", `Remove the filter ${title}: ${value}`);
    button.addEventListener("click", () => {
      change(remove);
      byId("results").focus();
    });
    return element("li", {}, element("span", { textContent: title }), button);
  };
  const chips = FACETS.flatMap(({ name, title }) =>
    [...asked[name]].map((value) =>
      chip(title, printable(value), () => asked[name].delete(value)),
    ),
  );
  if (query.trim()) chips.push(chip("Text", printable(query.trim()), () => (query = "")));
  byId("chips").replaceChildren(...chips);
  byId("clear").hidden = chips.length < 2;
}

function show() {
  const { through, counts } = filtered();
  matching = through;
  perFile = counts.file;
  shown = 0;
  group = null;
  if (byId("query").value !== query) byId("query").value = query;
  for (const facet of facets) facet.update(counts[facet.name]);
  showChips();
  byId("list").replaceChildren();
  extendList(WINDOW);
  byId("none").hidden = matching.length > 0;
  byId("count").textContent =
    matching.length === rows.length
      ? `All ${numbers.format(rows.length)}`
      : `${numbers.format(matching.length)} of ${numbers.format(rows.length)}`;
}

// ---- the head: how the run ended and what it looked at ----

const STATES = { 0: "clean", 1: "findings", 3: "nothing", 4: "unchecked" };

function showSummary() {
  document.body.dataset.state = STATES[summary.exit_code];
  document.title = `${summary.headline} - QuantaPilot report`;
  byId("headline").textContent = summary.headline;
  byId("explanation").textContent = summary.explanation;
  const totals = [
    ["Errors", numbers.format(summary.errors), "errors"],
    ["Warnings", numbers.format(summary.warnings), "warnings"],
    ["Files", numbers.format(summary.files), "files"],
    ["Documents", numbers.format(summary.documents), "documents"],
    ["Read", sizeOf(summary.bytes), "bytes"],
  ];
  if (summary.skipped) {
    totals.push(["Binary files passed over", numbers.format(summary.skipped), "skipped"]);
  }
  for (const [title, value, id] of totals) {
    byId("totals").append(
      element(
        "div",
        {},
        element("dt", { textContent: title }),
        element("dd", { id: `total-${id}`, textContent: value }),
      ),
    );
  }
  byId("total-bytes").title = count(summary.bytes, "byte");
  byId("total-errors").classList.toggle("some", summary.errors > 0);
  byId("total-warnings").classList.toggle("some", summary.warnings > 0);
  byId("totals").hidden = false;
  const written = new Date(summary.written).toLocaleString("en-GB", {
    dateStyle: "long",
    timeStyle: "short",
  });
  byId("written").textContent =
    `Written on ${written} by ${summary.tool.name} ${summary.tool.version}, ` +
    `after a check of ${summary.elapsed_s.toFixed(2)} s.` +
    (rows.length ? " Every value that was found is masked." : "");
}

function begin() {
  showSummary();
  if (!rows.length) {
    byId("skip").remove();
    return;
  }
  byId("facet-list").append(...facets.map((facet) => facet.box));
  document.querySelector("main").hidden = false;
  let waiting;
  byId("query").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => change(() => (query = event.target.value)), 120);
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("more").addEventListener("click", () => extendList(WINDOW));
  byId("clear").addEventListener("click", clear);
  byId("clear-none").addEventListener("click", clear);
  byId("skip").addEventListener("click", () => byId("results").focus());
  addEventListener("hashchange", () => {
    readAddress();
    show();
  });
  addEventListener("beforeprint", () => {
    if (shown < PRINTED) extendList(PRINTED - shown);
  });
  const wide = matchMedia("(min-width: 56rem)");
  const fold = () => (byId("facets").open = wide.matches);
  wide.addEventListener("change", fold);
  fold();
  readAddress();
  show();
}

begin();
