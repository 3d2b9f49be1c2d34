// Reads an event stream (WHATWG HTML, section 9.2.6), of which the text comes in parts of any size.

export class EventStreamParser {
  #rest = [];
  #afterReturn = false;
  #data = [];
  #type = "";
  #id = "";

  // The id of the last event, to resume behind it, and the wait that the server asks for.
  lastId = "";
  retry = null;

  // Returns the events that end in this part, each as `{ type, data, id }`.
  feed(text) {
    const part = this.#afterReturn && text.startsWith("\n") ? text.slice(1) : text;
    if (text) this.#afterReturn = part.endsWith("\r");
    const lines = part.split(/\r\n|\n|\r/);
    const rest = lines.pop();
    const events = [];
    for (const line of lines) {
      this.#line([...this.#rest.splice(0), line].join(""), events);
    }
    if (rest) this.#rest.push(rest);
    return events;
  }

  #line(line, events) {
    if (!line) return this.#dispatch(events);
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#type = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "retry" && /^[0-9]+$/.test(value)) this.retry = Number(value);
  }

  #dispatch(events) {
    this.lastId = this.#id;
    const data = this.#data.splice(0);
    const type = this.#type || "message";
    this.#type = "";
    if (data.length) events.push({ type, data: data.join("\n"), id: this.lastId });
  }
}
