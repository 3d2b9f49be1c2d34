"use strict";

// Adds to the page what can't be there without a script: searching, copying, and opening what a
// link leads to. All that is told stands in the page itself; texts are only ever set as text.

const form = document.querySelector("form[role=search]");
const query = form.querySelector("input");
const found = form.querySelector(".found");
const none = document.querySelector(".none");
const contents = document.querySelector("details.contents");
const narrow = matchMedia("(max-width: 60rem)");

const definitions = [...document.querySelectorAll("article.definition")].map((article) => ({
  article,
  line: contents.querySelector(`[data-of="${CSS.escape(article.id)}"]`),
  name: article.querySelector("h3").textContent.toLowerCase(),
  text: article.textContent.toLowerCase(),
  rows: [...article.querySelectorAll("table.fields > tbody > tr")].map((row) => ({
    row,
    name: row.querySelector("th > code").textContent.toLowerCase(),
  })),
}));
const groups = [...document.querySelectorAll("main > section.group")];
const told = [...document.querySelectorAll("main > section.told, main .index")];
const parts = [...contents.querySelectorAll("li.part")];

// ---- searching ----

function search() {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const each of definitions) {
    // What stands in the contents counts as told of the definition: the name of its event does.
    const text = `${each.text}\n${each.line.textContent.toLowerCase()}`;
    const shown = words.every((word) => text.includes(word));
    count += shown;
    each.article.hidden = each.line.hidden = !shown;
    for (const { row, name } of each.rows) {
      row.classList.toggle("hit", words.length > 0 && words.some((word) => name.includes(word)));
    }
  }
  for (const section of groups) {
    section.hidden = !section.querySelector("article:not([hidden])");
  }
  for (const each of told) {
    each.closest("main > section.told, .scroll").hidden = words.length > 0;
  }
  for (const part of parts) {
    const lines = [...part.querySelectorAll("li")];
    part.hidden = words.length > 0 && !lines.some((line) => !line.hidden);
  }
  none.hidden = count > 0 || !words.length;
  found.textContent = words.length ? `${count} of ${definitions.length} definitions` : "";
  if (words.length && narrow.matches) contents.open = true;
}

// The first definition that is meant: one that is named so, before one that only speaks of it.
function first() {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = definitions.filter(({ article }) => !article.hidden);
  return shown.find(({ name }) => words.every((word) => name.includes(word))) ?? shown[0];
}

// What was found begins at the top, also for who had read further down.
function show() {
  search();
  const main = document.querySelector("main");
  if (!narrow.matches && main.getBoundingClientRect().top < 0) main.scrollIntoView();
}

function clear() {
  query.value = "";
  search();
}

function links() {
  return [...contents.querySelectorAll("a")].filter((link) => link.offsetParent !== null);
}

// ---- following links ----

function target() {
  const name = location.hash.slice(1);
  try {
    return document.getElementById(name) ?? document.getElementById(decodeURIComponent(name));
  } catch {
    return null;
  }
}

function follow() {
  const place = target();
  if (!place) return;
  if (place.closest("[hidden]")) clear();
  for (let at = place; at; at = at.parentElement) if (at.localName === "details") at.open = true;
  place.scrollIntoView();
  mark(place.closest("article.definition"));
}

function mark(article) {
  for (const each of definitions) {
    const link = each.line.querySelector("a");
    if (each.article === article) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

// ---- copying ----

async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code);
    document.execCommand("copy");
    getSelection().removeAllRanges();
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

for (const box of document.querySelectorAll("main div.code:not(.refused)")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", () => copy(box.querySelector("code"), button));
  box.append(button);
}

// ---- the keyboard ----

// What can be scrolled sideways can be reached by the keyboard, and nothing else of that kind.
function reach() {
  for (const box of document.querySelectorAll("main .scroll, main pre")) {
    if (box.scrollWidth > box.clientWidth && box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select") !== null;
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    query.focus();
    query.select();
  }
});

query.addEventListener("keydown", (event) => {
  if (event.key === "Escape") clear();
  if (event.key === "ArrowDown") {
    event.preventDefault();
    if (narrow.matches) contents.open = true;
    links()[0]?.focus();
  }
});

contents.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const all = links();
  const at = all.indexOf(event.target);
  if (!step || at < 0) return;
  event.preventDefault();
  (all[at + step] ?? (step < 0 ? query : all[at])).focus();
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const meant = query.value.trim() ? first() : null;
  if (!meant) return;
  const place = `#${encodeURIComponent(meant.article.id)}`;
  if (location.hash === place) follow();
  else location.hash = place;
  meant.article.querySelector("h3 a").focus({ preventScroll: true });
});

contents.addEventListener("click", (event) => {
  if (narrow.matches && event.target.closest("a")) contents.open = false;
});

query.addEventListener("input", show);
none.querySelector("button").addEventListener("click", () => { clear(); query.focus(); });
addEventListener("hashchange", follow);
addEventListener("resize", reach);
document.addEventListener("toggle", reach, true);

const open = new Set();
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("main details:not([open])")) {
    if (each.querySelector("summary").textContent === "JSON Schema") continue;
    open.add(each);
    each.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const each of open) each.open = false;
  open.clear();
});

const reading = new IntersectionObserver((entries) => {
  const seen = entries.filter((entry) => entry.isIntersecting).at(-1);
  if (seen) mark(seen.target);
}, { rootMargin: "-10% 0px -80% 0px" });
for (const { article } of definitions) reading.observe(article);

form.hidden = false;
reach();
if (narrow.matches) contents.open = false;
if (location.hash) follow();
