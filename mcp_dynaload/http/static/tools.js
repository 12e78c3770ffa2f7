// The catalog: search, cost, category, pin.

import { get, post } from "./api.js";
import { badge, empty, h, name, table, whole } from "./dom.js";

const SESSION = "dashboard", MOST = 200;

let all = [], total = 0, words = "", category = "";

async function read(page) {
  const query = new URLSearchParams({ session_id: SESSION, ...(words ? { query: words, limit: "100" } : {}) });
  await page.act(async () => {
    const answer = await get(`tools?${query}`);
    all = answer.tools;
    total = answer.total;
  });
}

function pin(page, view, tool) {
  const command = tool.is_pinned ? "unpin" : "pin";
  return page.act(async () => {
    const done = await post("user-command", { command: `/${command} ${tool.name}`, session_id: SESSION });
    if (!done.success) throw new Error(done.message);
    page.tell(done.message.split("\n")[0], true);
  }).then(() => read(page)).then(() => show(page, view));
}

function row(page, view, tool) {
  return [
    h("div", {}, name(tool.name), " ", tool.is_destructive ? badge("may destroy", "warn") : tool.is_read_only ? badge("reads") : null,
      h("div", { class: "note" }, tool.description.split("\n")[0].slice(0, 140))),
    tool.categories.join(", "), whole(tool.tokens),
    h("button", { type: "button", "aria-pressed": String(tool.is_pinned), "aria-label": `pin ${tool.name}`, "data-key": `pin-${tool.name}`,
      onclick: () => pin(page, view, tool) }, tool.is_pinned ? "pinned" : "pin"),
  ];
}

function show(page, view) {
  const names = [...new Set(all.flatMap((tool) => tool.categories))].sort();
  const select = view.querySelector("#category");
  select.replaceChildren(h("option", { value: "" }, "all categories"),
    ...names.map((one) => h("option", { value: one, selected: one === category }, one)));
  const found = all.filter((tool) => !category || tool.categories.includes(category));
  const sum = found.reduce((tokens, tool) => tokens + tool.tokens, 0);
  const focus = document.activeElement?.dataset?.key;
  view.querySelector("#found").replaceChildren(
    h("p", { class: "note", role: "status" }, `${found.length} of ${total} tools, ${whole(sum)} tokens of definitions`),
    found.length ? table([["tool", false], ["categories", false], ["tokens", true], ["", false, true]],
      found.slice(0, MOST).map((tool) => row(page, view, tool))) : empty("No tool fits."),
    found.length > MOST ? h("p", { class: "note" }, `and ${found.length - MOST} more: search or choose a category`) : "");
  if (focus) view.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus();
}

export const tools = {
  open(page, view) {
    let waiting = null;
    const search = h("input", { id: "words", type: "search", placeholder: "what the tool should do", value: words, oninput: (event) => {
      words = event.target.value.trim();
      clearTimeout(waiting);
      waiting = setTimeout(() => read(page).then(() => show(page, view)), 200);
    } });
    const select = h("select", { id: "category", onchange: (event) => {
      category = event.target.value;
      show(page, view);
    } });
    view.replaceChildren(h("h2", {}, "Tools"), h("section", { class: "card" },
      h("p", { class: "row" }, h("label", { for: "words" }, "Search"), search, h("label", { for: "category" }, "Category"), select),
      h("div", { id: "found" }, empty("Reading the catalog…"))));
    read(page).then(() => view.querySelector("#found") && show(page, view));
  },
};
