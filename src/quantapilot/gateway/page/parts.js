// The parts beside the runs: pending gates of the runs that are shown, and what is asked for from
// time to time: deliveries, subscriptions, refusals. A part that fails says so, the others go on.

import * as address from "./address.js";
import { ask } from "./api.js";
import {
  byId, chip, count, duration, element, fact, number, printable, repository, setChildren,
  setText, timeOf, typeName,
} from "./dom.js";

const REFUSALS = 20;

const PARTS = {
  deliveries: { path: "deliveries", scope: "run:read", show: showDeliveries },
  subscriptions: { path: "subscriptions", scope: "events:subscribe", show: showSubscriptions },
  refusals: { path: "refusals", scope: "run:read", show: showRefusals },
};
const parts = new Map();

export const waiting = ({ wait }) =>
  wait ? ` It may be asked again in ${count(Math.ceil(wait / 1000), "second")}.` : "";
export const lacks = (scope) => `This token lacks the scope ${scope}.`;

function inside(id, selector) {
  return byId(id).querySelector(selector);
}

function say(id, note, counted = "") {
  setText(inside(id, ".note"), note);
  setText(inside(id, ".count"), counted);
}

function runLink(id, text) {
  const made = element("a", { href: `#run=${id}`, textContent: text });
  made.addEventListener("click", (event) => {
    event.preventDefault();
    address.go({ run: id });
  });
  return made;
}

// ---- what is shown ----

function showDeliveries(health) {
  const waits = health.waiting_count ? duration(health.oldest_waiting_ms) : "–";
  const oldest = fact("Oldest waits for", waits);
  oldest.classList.toggle("warning", health.status === "late");
  const dead = fact("Never arrived", number(health.dead_count));
  dead.classList.toggle("bad", health.dead_count > 0);
  const facts = element(
    "dl",
    { className: "figures" },
    fact("Waiting", number(health.waiting_count)),
    oldest,
    dead,
  );
  const states = ["active", "pending", "disabled"].map((state) => {
    const many = health[`${state}_count`];
    return element("li", { className: many ? state : "" }, `${number(many)} ${state}`);
  });
  const subscriptions = element("ul", { className: "states" }, ...states);
  inside("deliveries", ".body").replaceChildren(facts, subscriptions);
  say("deliveries", "", health.status === "late" ? "late" : "in time");
  inside("deliveries", ".count").classList.toggle("late", health.status === "late");
}

// The path of a webhook may be as good as a password to it: it is not put on a screen.
function receiver(url) {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed) return printable(url);
  return parsed.host + (parsed.pathname + parsed.search === "/" ? "" : "/…");
}

function subscriptionItem(told) {
  const types = told.types.map(typeName).join(", ") || "all events";
  const item = element(
    "li",
    {},
    element(
      "p",
      { className: "line" },
      element("code", { className: "strong", textContent: receiver(told.url) }),
      chip(told.state),
    ),
    element("p", { className: "muted", textContent: types }),
  );
  const only = [];
  if (told.project_id) only.push(element("code", { textContent: printable(told.project_id) }));
  if (told.run_id) only.push(runLink(told.run_id, printable(told.run_id)));
  if (only.length) {
    const parts = only.flatMap((part, at) => (at ? [", ", part] : [part]));
    item.append(element("p", { className: "muted" }, "only ", ...parts));
  }
  if (told.reason) {
    const className = `reason ${told.state}`;
    item.append(element("p", { className, textContent: printable(told.reason) }));
  }
  const figures =
    `${number(told.delivered_count)} arrived, ${number(told.waiting_count)} waiting, ` +
    `${number(told.dead_count)} never will arrive`;
  item.append(element("p", { className: "muted", textContent: figures }));
  return item;
}

function showSubscriptions({ subscriptions }) {
  inside("subscriptions", ".body").replaceChildren(...subscriptions.map(subscriptionItem));
  if (subscriptions.length) say("subscriptions", "", number(subscriptions.length));
  else say("subscriptions", "This token has no subscriptions.");
}

function refusalItem(told) {
  const where = element("p", { className: "muted" }, `${printable(told.source)} of `);
  if (told.run_id) {
    where.append("run ", runLink(told.run_id, printable(told.run_id.slice(-12))), ", ");
  }
  where.append(element("code", { textContent: printable(told.project_id) }));
  const rule = element(
    "p",
    { className: "line" },
    element("code", { className: "strong", textContent: printable(told.rule) }),
    timeOf(told.refused_at, "muted"),
  );
  const item = element("li", {}, rule);
  if (told.field) {
    item.append(element("p", {}, element("code", { textContent: printable(told.field) })));
  }
  item.append(where);
  return item;
}

function showRefusals({ refusals }) {
  const latest = refusals.slice(0, REFUSALS);
  inside("refusals", ".body").replaceChildren(...latest.map(refusalItem));
  if (!latest.length) say("refusals", "Nothing was refused.");
  else if (latest.length === refusals.length) say("refusals", "", number(latest.length));
  else say("refusals", "", `Latest ${latest.length} of ${number(refusals.length)}`);
}

export function showGates(runs) {
  const pending = runs.flatMap((run) => run.gates.map((gate) => ({ gate, run })));
  const items = pending.map(({ gate, run }) =>
    element(
      "li",
      {},
      element(
        "p",
        { className: "line" },
        runLink(run.run_id, printable(gate)),
        timeOf(run.updated_at, "muted"),
      ),
      element(
        "p",
        { className: "muted" },
        ...repository(run.repo_url),
        " ",
        element("code", { textContent: printable(run.branch) }),
      ),
    ),
  );
  setChildren(inside("gates", ".body"), items);
  if (pending.length) say("gates", "", number(pending.length));
  else say("gates", "No gate awaits a decision in the runs shown.");
  return pending.length;
}

// ---- asking ----

async function refreshPart(id, signal) {
  const { path, scope, show } = PARTS[id];
  const part = parts.get(id) ?? { notBefore: 0, told: "", refused: false };
  parts.set(id, part);
  if (part.refused || Date.now() < part.notBefore) return;
  try {
    const answer = await ask(path, signal);
    const told = JSON.stringify(answer);
    if (part.told === told) return;
    show(answer);
    part.told = told;
  } catch (problem) {
    if (signal.aborted) return;
    if (problem.status === 401) throw problem;
    part.notBefore = Date.now() + (problem.wait ?? 0);
    part.told = "";
    part.refused = problem.status === 403;
    if (part.refused) inside(id, ".body").replaceChildren();
    setText(inside(id, ".note"), part.refused ? lacks(scope) : problem.message + waiting(problem));
  }
}

export async function refresh(signal) {
  await Promise.all(Object.keys(PARTS).map((id) => refreshPart(id, signal)));
}

export function clear() {
  parts.clear();
  for (const id of ["gates", ...Object.keys(PARTS)]) {
    inside(id, ".body").replaceChildren();
    say(id, "Loading…");
  }
}

