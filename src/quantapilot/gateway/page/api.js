// Asks the gateway, with the token of this tab. Every answer that is no success becomes a Problem.

const STORED = "quantapilot.token";
const PATIENCE = 20_000;

export const token = {
  get: () => sessionStorage.getItem(STORED) ?? "",
  set: (value) => sessionStorage.setItem(STORED, value),
  clear: () => sessionStorage.removeItem(STORED),
};

// `status` is 0 where there was no answer at all; `wait` is how long to leave it, in milliseconds.
export class Problem extends Error {
  constructor(status, message, wait = 0) {
    super(message);
    this.status = status;
    this.wait = wait;
  }
}

async function problemOf(answer) {
  const told = await answer.json().catch(() => null);
  const message =
    typeof told?.message === "string" && told.message
      ? told.message
      : `The gateway answered with status ${answer.status}.`;
  const wait = Number(answer.headers.get("retry-after") ?? told?.retry_after ?? 0);
  return new Problem(answer.status, message, wait > 0 ? wait * 1000 : 0);
}

// Addresses are relative to the page, so that it also works behind a proxy that adds a prefix.
export async function request(path, { headers = {}, signal }) {
  let answer;
  try {
    answer = await fetch(new URL(path, document.baseURI), {
      headers: { Accept: "application/json", ...headers, Authorization: `Bearer ${token.get()}` },
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "The gateway does not answer.");
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

export async function ask(path, signal) {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  const answer = await request(path, { signal: limited });
  try {
    return await answer.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "The gateway's answer did not arrive whole.");
  }
}
