// A webhook for the gateway's events: verifies, answers the challenge, prints each event once.
//
//   node scripts/receive.mjs KEY_FILE [PORT]
//
// KEY_FILE holds the key of the subscription, as subscribe.sh keeps it, and may come into being
// later; while the key is rotated it holds both, one a line. With port 0, or none, a free one is
// taken. It needs Node 20 and no packages.

import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const [keyFile, port = "0"] = process.argv.slice(2);
if (!keyFile) {
  console.error("usage: receive.mjs KEY_FILE [PORT]");
  process.exit(1);
}
const TOLERANCE_SECONDS = 300;

// In memory it forgets when it ends. Keep the ids in your database, and write them in the
// transaction of whatever an event leads to: then nothing happens twice, and nothing is lost.
const seen = new Set();

function keys() {
  const secrets = readFileSync(keyFile, "ascii").split(/\s+/).filter(Boolean);
  const made = secrets.map((each) => Buffer.from(each.replace(/^whsec_/, ""), "base64"));
  // An empty key would let everybody sign.
  if (!made.length || made.some((key) => key.length < 24)) throw new Error("no key");
  return made;
}

// Standard Webhooks v1: signed are the id, the time and the body, byte for byte.
function isValid(headers, body, made) {
  const id = headers["webhook-id"] ?? "";
  const time = headers["webhook-timestamp"] ?? "";
  if (!/^[!-\-/-~]{1,256}$/.test(id) || !/^(0|[1-9][0-9]{0,10})$/.test(time)) return false;
  if (Math.abs(Date.now() / 1000 - Number(time)) > TOLERANCE_SECONDS) return false;
  const candidates = (headers["webhook-signature"] ?? "")
    .split(" ")
    .filter((each) => each.startsWith("v1,"))
    .map((each) => Buffer.from(each.slice(3), "base64"));
  return made.some((key) => {
    const expected = createHmac("sha256", key).update(`${id}.${time}.`).update(body).digest();
    return candidates.some(
      (each) => each.length === expected.length && timingSafeEqual(each, expected),
    );
  });
}

function handle(headers, body) {
  let made;
  try {
    made = keys();
  } catch {
    console.log("no usable key in KEY_FILE");
    return [503];
  }
  if (!isValid(headers, body, made)) {
    console.log("refused");
    return [401];
  }
  // The signature vouches that this is what the gateway sends.
  const event = JSON.parse(body);
  if (event.type === "quantapilot.subscription_challenge") {
    return [200, JSON.stringify({ challenge: event.challenge })];
  }
  // An id is its project's own, and a run is of one project.
  const one = `${headers["webhook-id"]} ${event.data.run_id}`;
  if (!seen.has(one)) {
    seen.add(one);
    console.log(`${event.type} ${event.id} ${event.data.run_id}`);
  }
  return [204];
}

const server = createServer((request, response) => {
  const length = request.headers["content-length"] ?? "";
  if (!/^[0-9]{1,6}$/.test(length)) {
    response.writeHead(413, { connection: "close" }).end();
    return;
  }
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const [status, text] = handle(request.headers, Buffer.concat(parts));
    response.writeHead(status, text ? { "content-type": "application/json" } : {}).end(text);
  });
});
// Node would else wait for five minutes for the rest of a request.
server.requestTimeout = 10_000;
server.listen(Number(port), "127.0.0.1", () => console.log(`port ${server.address().port}`));
