// What is looked at, kept behind the # of the address, so that it can be linked to: a run, a state.

const STATES = new Set(["running", "paused", "completed", "failed"]);
const RUN = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function read() {
  const given = new URLSearchParams(location.hash.slice(1));
  const run = given.get("run") ?? "";
  const state = given.get("state") ?? "";
  return { run: RUN.test(run) ? run : "", state: STATES.has(state) ? state : "" };
}

export function link(changes) {
  const asked = { ...read(), ...changes };
  const kept = Object.entries(asked).filter(([, value]) => value);
  return `#${new URLSearchParams(kept)}`;
}

export function go(changes) {
  location.hash = link(changes);
}
