// Makes elements and the texts in them. What comes from the server is set as text only: nothing of
// it ever becomes markup.

const numbers = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

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
  const now = [...target.children];
  const same = now.length === children.length && now.every((one, at) => one.isEqualNode(children[at]));
  if (!same) target.replaceChildren(...children);
}

// What is not seen could turn the order of a line around or hide in it: its code is shown instead.
export function printable(value) {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (char) => {
    const code = char.codePointAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

export function setTime(target, stamp) {
  const at = new Date(stamp);
  const known = !Number.isNaN(at.getTime());
  target.dateTime = known ? at.toISOString() : "";
  target.title = printable(stamp);
  setText(target, known ? clock.format(at) : printable(stamp));
}

export function timeOf(stamp, className = "") {
  const made = element("time", { className });
  setTime(made, stamp);
  return made;
}

export function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (seconds < 86_400) {
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  }
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

// A repository without what all of them begin with.
export const repository = (url) => printable(url).replace(/^https:\/\//, "");

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
