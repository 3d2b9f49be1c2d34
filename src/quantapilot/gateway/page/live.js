// Follows the stream of events for as long as a session lasts: it resumes behind the last event
// that came, and waits longer with every try that fails.

import { request } from "./api.js";
import { EventStreamParser } from "./sse.js";

const SHORTEST = 1000;
const LONGEST = 30_000;
// The gateway sends a comment more often than this: a stream this silent is dead.
const SILENCE = 60_000;
// A stream that cannot be resumed behind an event is begun anew; what was missed is asked for.
const CANNOT_RESUME = new Set([400, 404, 410, 422]);

// Waits, but no longer than until `hurry` is dispatched or the session ends.
function pause(milliseconds, hurry, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      hurry.removeEventListener("hurry", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    hurry.addEventListener("hurry", done);
    signal.addEventListener("abort", done);
  });
}

async function read(answer, parser, silent, heard) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let timer = setTimeout(silent, SILENCE);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(silent, SILENCE);
      heard(parser.feed(value));
    }
  } finally {
    clearTimeout(timer);
  }
}

// `heard` gets the events as they come; `told` gets the state of the connection: `connecting`,
// `live`, `lost` with what is wrong and the wait until the next try, and at last `refused`.
export async function follow({ heard, told, hurry, signal }) {
  let lastId = "";
  let shortest = SHORTEST;
  let failures = 0;
  while (!signal.aborted) {
    const attempt = new AbortController();
    const parser = new EventStreamParser();
    let problem = null;
    told({ state: "connecting", problem });
    try {
      const headers = { Accept: "text/event-stream" };
      if (lastId) headers["Last-Event-ID"] = lastId;
      const either = AbortSignal.any([signal, attempt.signal]);
      const answer = await request("events", { headers, signal: either });
      told({ state: "live", problem });
      await read(answer, parser, () => attempt.abort(), (events) => {
        failures = 0;
        lastId = parser.lastId || lastId;
        shortest = Math.min(parser.retry ?? shortest, LONGEST);
        heard(events);
      });
    } catch (error) {
      problem = error;
    }
    if (signal.aborted) return;
    if (problem?.status === 401 || problem?.status === 403) {
      told({ state: "refused", problem });
      return;
    }
    if (CANNOT_RESUME.has(problem?.status)) lastId = "";
    // Pages that lost the same gateway must not all come back in the same moment.
    const longer = Math.min(LONGEST, shortest * 2 ** failures) * (0.75 + Math.random() / 2);
    const wait = Math.max(problem?.wait ?? 0, longer);
    failures += 1;
    told({ state: "lost", problem, wait });
    await pause(wait, hurry, signal);
  }
}
