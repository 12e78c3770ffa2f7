// Elements and numbers as text; whatever comes from a server is only ever text, never markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

export const h = (tag, properties = {}, ...children) => filled(document.createElement(tag), properties, children);
export const s = (tag, properties = {}, ...children) => filled(document.createElementNS(SVG, tag), properties, children);

export const whole = (value) => Math.round(value).toLocaleString("en");
export const percent = (value) => `${value.toFixed(1)} %`;
export const ms = (value) => (value >= 1000 ? `${(value / 1000).toFixed(1)} s` : `${value.toFixed(value < 10 ? 1 : 0)} ms`);
export const time = (at) => new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
export const counted = (count, thing) => `${whole(count)} ${thing}${count === 1 ? "" : "s"}`;
export const short = (id) => (id.length > 12 ? `${id.slice(0, 8)}…` : id);
export const folder = (path) => path.split("/").filter(Boolean).pop() ?? "";

export const card = (title, ...children) => h("section", { class: "card" }, title ? h("h3", {}, title) : null, children);
export const empty = (text) => h("p", { class: "empty" }, text);
export const badge = (text, kind = "") => h("span", { class: `badge ${kind}` }, text);
export const name = (text) => h("span", { class: "name" }, text);

// Columns: [head, is it a number, is it the last]; cells are text or elements.
export function table(columns, rows, caption = null) {
  const kind = (index) => (columns[index][2] ? "end" : columns[index][1] ? "number" : null);
  const cell = (content, index) => h("td", { class: kind(index) }, content);
  const heads = columns.map(([head], index) => h("th", { scope: "col", class: kind(index) }, head));
  return h("div", { class: "scroll" }, h("table", {},
    caption ? h("caption", {}, caption) : null,
    h("thead", {}, h("tr", {}, heads)),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cell))))));
}
