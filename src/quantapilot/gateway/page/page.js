// The page of the gateway: who is signed in, what is looked at, and what follows from an event.

import * as address from "./address.js";
import { Problem, token } from "./api.js";
import { byId, element, number, setText } from "./dom.js";
import { follow } from "./live.js";
import * as parts from "./parts.js";
import * as run from "./run.js";
import * as runs from "./runs.js";

// How long events are gathered before the page follows them, and how often what no event tells of
// is asked for.
const GATHER = 150;
const SETTLE = 1000;
const OFTEN = 10_000;

let session = null;
let hurry = new EventTarget();
let connection = "off";
let runsRefused = false;
let notBefore = 0;
// What could not be got, and is to be asked for again.
const failed = new Set();

// ---- the head ----

const CONNECTIONS = {
  off: "",
  connecting: "Connecting",
  live: "Live",
  lost: "Reconnecting",
  refused: "Not live",
};

function showConnection({ state, problem, wait }) {
  // Another try is nothing new to the reader, until something comes of it.
  if (state === "connecting" && connection === "lost") return;
  connection = state;
  document.body.dataset.connection = state;
  byId("retry").hidden = state !== "lost";
  const reason = problem instanceof Problem ? problem.message : "The stream of events ended.";
  let text = CONNECTIONS[state];
  if (state === "lost") text = `${text} in ${Math.max(1, Math.round(wait / 1000))} s. ${reason}`;
  if (state === "refused") text = `${text}. ${parts.lacks("events:subscribe")}`;
  setText(byId("connection-text"), text);
}

function headline(text, explanation, attention = "") {
  document.body.dataset.attention = attention;
  setText(byId("headline"), text);
  setText(byId("explanation"), explanation);
}

function showTotals(shown) {
  const totals = ["running", "paused", "completed", "failed"].map((state) => {
    const many = shown.filter((told) => told.state === state).length;
    const title = state[0].toUpperCase() + state.slice(1);
    const name = element("dt", { textContent: title });
    const value = element("dd", { textContent: number(many) });
    return element("div", { className: many ? state : "" }, name, value);
  });
  byId("totals").replaceChildren(...totals);
  byId("totals").hidden = false;
}

function showRuns() {
  const shown = runs.shown();
  const gates = parts.showGates(shown);
  const kind = runs.filter() ? `${runs.filter()} ` : "";
  let among = "";
  if (shown.length === 1) among = `One ${kind}run is shown.`;
  if (shown.length > 1) among = `Among the ${number(shown.length)} ${kind}runs shown.`;
  if (!gates) headline("No gate awaits a decision", among);
  else if (gates === 1) headline("A gate awaits a decision", among, "gates");
  else headline(`${number(gates)} gates await a decision`, among, "gates");
  document.title = gates ? `(${gates}) QuantaPilot gateway` : "QuantaPilot gateway";
  showTotals(shown);
  runs.mark(run.chosen());
  const first = kind ? "" : " yet. POST /run or qp run starts one";
  setText(byId("runs-note"), shown.length ? "" : `There are no ${kind}runs${first}.`);
  const chosen = runs.run(run.chosen());
  if (chosen) run.showFacts(chosen);
}

// ---- asking ----

// What a gateway says of it is for programs.
const ENDED = "This token is wrong, or has ended.";
// What is wrong with a part: a token that lacks a scope is told which.
const wrong = (problem, scope) =>
  problem.status === 403 ? parts.lacks(scope) : problem.message + parts.waiting(problem);

// Does what asks for runs, shows what came of it or what went wrong, and returns whether it did.
async function asking(signal, ask) {
  if (runsRefused || Date.now() < notBefore) return false;
  failed.delete("runs");
  try {
    if ((await ask()) === false) return false;
  } catch (problem) {
    if (signal.aborted) return false;
    if (problem.status === 401) return signOut(ENDED);
    if (!(problem instanceof Problem)) throw problem;
    runsRefused = problem.status === 403;
    failed.add("runs");
    notBefore = Date.now() + problem.wait;
    const text = wrong(problem, "run:read");
    setText(byId("runs-note"), text);
    if (!runs.shown().length) {
      headline("Runs are not shown", text, "problem");
      setText(byId("gates").querySelector(".note"), text);
    }
    return false;
  }
  if (!signal.aborted) showRuns();
  return true;
}

const latest = (signal) => asking(signal, () => runs.latest(signal));

async function refreshParts(signal) {
  try {
    await parts.refresh(signal);
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    signOut(ENDED);
  }
}

// Asks for the run that is looked at, and for its events behind those that are shown.
async function loadRun() {
  const id = run.chosen();
  if (!id) return;
  const signal = run.signal();
  failed.delete("run");
  try {
    run.showFacts(await runs.single(id, signal));
    await run.catchUp();
  } catch (problem) {
    if (signal.aborted) return;
    if (problem.status === 401) return signOut(ENDED);
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status !== 403 && problem.status !== 404) failed.add("run");
    run.fail(wrong(problem, "run:read"));
  }
}

async function openRun(id) {
  run.choose(id);
  runs.mark(id);
  if (!id) return;
  if (runs.run(id)) run.showFacts(runs.run(id));
  byId("run").focus();
  await loadRun();
}

// ---- what happens live ----

function following(signal) {
  let gathered = [];
  let touched = new Set();
  let settling = false;

  // Runs are asked for at once, then no more than once in a while, however many events come.
  async function settle() {
    if (settling) return;
    settling = true;
    while (touched.size && !signal.aborted) {
      const ids = touched;
      touched = new Set();
      const done = await asking(signal, async () => {
        for (const id of await runs.changed(ids, signal)) touched.add(id);
      });
      if (!done && Date.now() < notBefore) for (const id of ids) touched.add(id);
      await new Promise((resolve) => setTimeout(resolve, SETTLE));
    }
    settling = false;
  }

  function flush() {
    const events = gathered;
    gathered = [];
    if (signal.aborted) return;
    for (const event of events) touched.add(event.data.run_id);
    run.add(events.filter((event) => event.data.run_id === run.chosen()));
    settle();
  }

  return (messages) => {
    if (!messages.length) return;
    if (!gathered.length) setTimeout(flush, GATHER);
    for (const { data } of messages) gathered.push(JSON.parse(data));
  };
}

function told(signal, state) {
  if (signal.aborted) return;
  if (state.problem?.status === 401) return signOut(ENDED);
  showConnection(state);
  // What happened while there was no stream.
  if (state.state !== "live") return;
  latest(signal);
  loadRun();
}

async function often(signal) {
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, OFTEN));
    if (signal.aborted || document.hidden) continue;
    await refreshParts(signal);
    if ((connection === "live" && !failed.size) || Date.now() < notBefore) continue;
    await latest(signal);
    await loadRun();
  }
}

// ---- signing in and out ----

function showView(view) {
  document.body.dataset.view = view;
  byId("sign-in").hidden = view !== "sign-in";
  byId("board").hidden = view !== "board";
  byId("session").hidden = view !== "board";
  byId("skip").hidden = view !== "board";
}

function signOut(message = "") {
  session?.abort();
  session = null;
  token.clear();
  runs.clear();
  parts.clear();
  run.choose("");
  byId("totals").replaceChildren();
  byId("totals").hidden = true;
  document.title = "QuantaPilot gateway";
  headline("Sign in", "A token shows the runs of the projects that it is granted.");
  showConnection({ state: "off" });
  setText(byId("token-problem"), message);
  showView("sign-in");
  byId("token").focus();
  return false;
}

function openBoard() {
  session = new AbortController();
  const { signal } = session;
  hurry = new EventTarget();
  runsRefused = false;
  notBefore = 0;
  failed.clear();
  headline("Loading", "");
  setText(byId("runs-note"), "Loading…");
  parts.clear();
  showView("board");
  runs.choose(address.read().state);
  showFilter();
  return signal;
}

function start(signal) {
  refreshParts(signal);
  follow({ heard: following(signal), told: (state) => told(signal, state), hurry, signal });
  often(signal);
  const { run: id } = address.read();
  if (id) openRun(id);
}

async function signIn(given) {
  if (!/^[!-~]+$/.test(given)) {
    const text = "This is no token: it has characters in it that tokens do not have.";
    setText(byId("token-problem"), text);
    return;
  }
  token.set(given);
  byId("token").value = "";
  setText(byId("token-problem"), "");
  const signal = openBoard();
  await latest(signal);
  if (!signal.aborted) start(signal);
}

// ---- what the reader does ----

function showFilter() {
  for (const box of document.getElementsByName("state")) box.checked = box.value === runs.filter();
}

async function followAddress() {
  if (!session) return;
  const { run: id, state } = address.read();
  if (state !== runs.filter()) {
    runs.choose(state);
    showFilter();
    setText(byId("runs-note"), "Loading…");
    latest(session.signal);
  }
  if (id !== run.chosen()) await openRun(id);
}

function closeRun() {
  const id = run.chosen();
  address.go({ run: "" });
  openRun("");
  runs.focus(id);
}

function stepThroughRuns(event) {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const next = step && event.target.closest("li")?.[step];
  if (!next) return;
  event.preventDefault();
  next.querySelector("a").focus();
}

function begin() {
  byId("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    signIn(byId("token").value.trim());
    if (session) byId("runs").focus();
  });
  byId("sign-out").addEventListener("click", () => signOut());
  byId("retry").addEventListener("click", () => hurry.dispatchEvent(new Event("hurry")));
  addEventListener("online", () => hurry.dispatchEvent(new Event("hurry")));
  byId("skip").addEventListener("click", () => byId("runs").focus());
  byId("more").addEventListener("click", () => {
    const { signal } = session;
    asking(signal, () => runs.more(signal));
  });
  byId("filter").addEventListener("change", (event) => address.go({ state: event.target.value }));
  byId("earlier").addEventListener("click", run.earlier);
  byId("close").addEventListener("click", closeRun);
  byId("runs-list").addEventListener("keydown", stepThroughRuns);
  byId("run").addEventListener("keydown", (event) => event.key === "Escape" && closeRun());
  addEventListener("hashchange", followAddress);
  if (token.get()) signIn(token.get());
  else signOut();
}

begin();
