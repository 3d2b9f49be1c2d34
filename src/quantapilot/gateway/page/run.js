// One run: what is known of it, and its events, the latest first. All of its events are held, up
// to a limit; only a window of them stands in the page.

import { ask } from "./api.js";
import {
  byId, chip, count, duration, element, fact, number, printable, repository, setChildren,
  setText, timeOf, typeName,
} from "./dom.js";

const PAGE = 200;
const WINDOW = 100;
const HELD = 10_000;
const LONG = 400;

let id = "";
let ended = new AbortController();
let events = [];
let known = new Set();
let waiting = [];
let loading = false;
let dropped = 0;
let wanted = WINDOW;

export const chosen = () => id;
// Aborts once another run is looked at, or none.
export const signal = () => ended.signal;

// ---- its facts ----

const codeOf = (value) => element("code", { textContent: printable(value) });

function factsOf(run) {
  const wide = (...told) => Object.assign(fact(...told), { className: "wide" });
  const facts = [
    wide("Repository", ...repository(run.repo_url)),
    fact("Branch", codeOf(run.branch)),
    fact("Project", codeOf(run.project_id)),
    fact("Started", timeOf(run.started_at)),
    fact("Last change", timeOf(run.updated_at)),
    fact("Events", number(run.events_count)),
    fact("Milestones", number(run.milestones_count)),
  ];
  if (run.state === "completed" || run.state === "failed") {
    facts.push(fact("Took", duration(new Date(run.updated_at) - new Date(run.started_at))));
  }
  if (run.docs_branch) facts.push(fact("Documentation", codeOf(run.docs_branch)));
  if (run.pr_number) facts.push(fact("Pull request", `#${run.pr_number}`));
  facts.push(wide("Run", codeOf(run.run_id)), wide("Correlation", codeOf(run.correlation_id)));
  return element("dl", { className: "facts" }, ...facts);
}

function messageOf(run) {
  const told = element("div", { className: `told ${run.state}` });
  if (run.error_code) {
    told.append(element("code", { className: "code", textContent: printable(run.error_code) }));
  }
  if (run.message) told.append(element("p", { textContent: printable(run.message) }));
  return told;
}

export function showFacts(run) {
  const head = element("p", { className: "head" }, chip(run.state));
  for (const gate of run.gates) {
    head.append(element("span", { className: "gate" }, "awaits ", codeOf(gate)));
  }
  const parts = [head];
  if (run.error_code || run.message) parts.push(messageOf(run));
  parts.push(factsOf(run));
  setChildren(byId("run-facts"), parts);
  byId("run-facts").hidden = false;
  byId("timeline-part").hidden = false;
  setText(byId("run-note"), "");
}

// ---- its events ----

function valueOf(text) {
  const value = element("dd", { textContent: text });
  if (text.length <= LONG) return value;
  value.textContent = `${text.slice(0, LONG)}…`;
  const all = element("button", {
    type: "button",
    className: "quiet",
    textContent: `Show all ${number(text.length)} characters`,
  });
  all.addEventListener("click", () => {
    value.textContent = text;
    value.tabIndex = -1;
    value.focus();
  });
  value.append(" ", all);
  return value;
}

function itemOf(event, className) {
  const kind = typeName(event.type);
  const fields = element("dl", { className: "fields" });
  for (const [name, value] of Object.entries(event.data ?? {})) {
    if (name === "run_id") continue;
    const term = element("dt", { textContent: printable(name) });
    fields.append(element("div", {}, term, valueOf(printable(value))));
  }
  const type = element("code", { className: "type", textContent: kind });
  const when = element("p", { className: "when" }, timeOf(event.time));
  const item = element("li", { className }, when, type);
  item.dataset.kind = kind;
  if (fields.childElementCount) item.append(fields);
  return item;
}

function showCounts() {
  const list = byId("timeline");
  const here = list.childElementCount;
  const earlier = events.length - here;
  const all = events.length + dropped;
  let counted = all ? `${count(all, "event")}, the latest first` : "";
  if (here < all) counted = `The latest ${number(here)} of ${count(all, "event")}`;
  setText(byId("timeline-count"), counted);
  byId("earlier").hidden = earlier === 0;
  setText(byId("earlier"), `Show ${number(Math.min(WINDOW, earlier))} earlier`);
  if (!loading) setText(byId("timeline-note"), all ? "" : "There are no events yet.");
}

function take(more, className = "") {
  const fresh = [];
  for (const event of more) {
    if (known.has(event.id)) continue;
    known.add(event.id);
    fresh.push(event);
  }
  if (!fresh.length) return;
  events = events.concat(fresh);
  if (events.length > HELD) {
    for (const { id: gone } of events.slice(0, events.length - HELD)) known.delete(gone);
    dropped += events.length - HELD;
    events = events.slice(-HELD);
  }
  const list = byId("timeline");
  list.prepend(...fresh.slice(-wanted).reverse().map((event) => itemOf(event, className)));
  while (list.childElementCount > wanted) list.lastElementChild.remove();
  showCounts();
}

export function earlier() {
  const list = byId("timeline");
  const here = list.childElementCount;
  wanted = here + WINDOW;
  const added = events.slice(Math.max(0, events.length - wanted), events.length - here).reverse();
  const items = added.map((event) => itemOf(event, ""));
  list.append(...items);
  showCounts();
  if (byId("earlier").hidden && items.length) {
    items[0].tabIndex = -1;
    items[0].focus();
  }
}

// Events as they come live; while earlier ones are asked for, they have to wait for their place.
export function add(more) {
  if (loading) waiting.push(...more);
  else take(more, "fresh");
}

// Asks for all events behind the last one that is held.
export async function catchUp() {
  if (!id || loading) return;
  const { signal: stopped } = ended;
  loading = true;
  try {
    let after = events.at(-1)?.id;
    do {
      const asked = new URLSearchParams({ limit: PAGE, ...(after && { after }) });
      const page = await ask(`runs/${id}/events?${asked}`, stopped);
      take(page.events);
      after = page.next;
    } while (after);
  } finally {
    if (!stopped.aborted) {
      loading = false;
      take(waiting.splice(0));
    }
  }
  showCounts();
}

// Says what is wrong; what is shown already stays.
export function fail(text) {
  const nothing = byId("run-facts").hidden;
  setText(byId(nothing ? "run-note" : "timeline-note"), text);
  if (nothing) setText(byId("timeline-note"), "");
  byId("timeline-part").hidden = nothing;
}

export function choose(given) {
  ended.abort();
  ended = new AbortController();
  id = given;
  events = [];
  known = new Set();
  waiting = [];
  loading = false;
  dropped = 0;
  wanted = WINDOW;
  byId("timeline").replaceChildren();
  byId("run-facts").replaceChildren();
  byId("run-facts").hidden = true;
  byId("timeline-part").hidden = true;
  byId("run").hidden = !given;
  byId("earlier").hidden = true;
  setText(byId("timeline-count"), "");
  setText(byId("timeline-note"), given ? "Loading…" : "");
  setText(byId("run-note"), given ? "Loading…" : "");
}
