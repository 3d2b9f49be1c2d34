// Makes elements and the texts in them. What comes from the server is set as text only: nothing of
// it ever becomes markup.

const numbers = new Intl.NumberFormat("en");
const toMinute = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
export const minutes = new Intl.DateTimeFormat("en-GB", toMinute);
export const seconds = new Intl.DateTimeFormat("en-GB", { ...toMinute, second: "2-digit" });

export const byId = (id) => document.getElementById(id);
export const number = (value) => numbers.format(value);
export const count = (many, noun) => `${number(many)} ${noun}${many === 1 ? "" : "s"}`;

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// Setting the same text again would lose what the reader has selected.
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

// What is the same stays, with what the reader has selected or focused in it.
export function setChildren(target, children) {
  const now = [...target.childNodes];
  const made = document.createDocumentFragment();
  made.append(...children);
  const next = [...made.childNodes];
  const same = now.length === next.length && now.every((one, at) => one.isEqualNode(next[at]));
  if (!same) target.replaceChildren(made);
}

// What is not seen could turn the order of a line around or hide in it: its code is shown instead.
export function printable(value) {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (char) => {
    const code = char.codePointAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

export function setTime(target, stamp, clock) {
  const at = new Date(stamp);
  const known = !Number.isNaN(at.getTime());
  target.dateTime = known ? at.toISOString() : "";
  target.title = printable(stamp);
  setText(target, known ? clock.format(at) : printable(stamp));
}

export function timeOf(stamp, className = "") {
  const made = element("time", { className });
  setTime(made, stamp, seconds);
  return made;
}

export function duration(milliseconds) {
  const all = Math.max(0, Math.round(milliseconds / 1000));
  if (all < 60) return `${all} s`;
  if (all < 3600) return `${Math.floor(all / 60)} min ${all % 60} s`;
  if (all < 86_400) return `${Math.floor(all / 3600)} h ${Math.floor((all % 3600) / 60)} min`;
  return `${Math.floor(all / 86_400)} d ${Math.floor((all % 86_400) / 3600)} h`;
}

// A repository without what all of them begin with; a line may end behind each of its parts.
export function repository(url) {
  const parts = printable(url).replace(/^https:\/\//, "").split(/(?<=\/)/);
  return parts.flatMap((part, at) => (at ? [element("wbr"), part] : [part]));
}

// A type of event, without what all of them begin with.
export const typeName = (type) => printable(type).replace(/^quantapilot\./, "");

export function chip(state) {
  return element("span", { className: `chip ${state}`, textContent: printable(state) });
}

export function fact(name, ...value) {
  return element(
    "div",
    {},
    element("dt", { textContent: name }),
    element("dd", {}, ...value),
  );
}
