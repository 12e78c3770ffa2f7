// Definitions that servers changed or added since they were approved: what differs, and the answer.

import { get, post } from "./api.js";
import { badge, card, empty, h, name } from "./dom.js";

const VOLATILE = "Only numbers, dates or paths differ. If this server writes such by itself, \"pinning\": \"warn\" in its entry has it used.";

const piece = ({ op, text }) => (op === "same" ? text : h(op === "removed" ? "del" : "ins", {}, text));

function group(found) {
  const names = found.definitions.map((one) => `${one.kind} ${one.name}`.trim()).join(", ");
  return h("div", {},
    h("p", {}, name(names), " ", badge(found.reason, found.reason === "new" ? "warn" : "bad"), found.rejected ? badge("rejected") : null),
    found.differences.map((one) => h("p", { class: "diff" }, h("span", { class: "note" }, `${one.field} `), one.pieces.map(piece))),
    found.only_numbers_dates_or_paths ? h("p", { class: "note" }, VOLATILE) : null);
}

function server(page, view, found) {
  const definitions = found.groups.flatMap((one) => one.definitions);
  const answer = (word, done) => h("button", { type: "button", "data-key": `${word}-${found.server}`, "aria-label": `${word} ${found.server}`,
    onclick: (event) => {
      event.target.disabled = true;
      page.act(() => post(`quarantine/${encodeURIComponent(found.server)}/${word}`, { definitions }), `${found.server}: ${done}.`)
        .then(() => held.open(page, view));
    } }, word);
  return card(found.server, found.entry_changed ? h("p", { class: "note" }, "Its entry in the servers file is another, too.") : null,
    found.groups.map(group), h("div", { class: "actions" }, answer("approve", "approved"), answer("reject", "rejected")));
}

export const held = {
  async open(page, view) {
    try {
      const found = (await get("quarantine")).servers;
      view.replaceChildren(h("h2", {}, "Held back"),
        found.length ? h("div", {}, found.map((one) => server(page, view, one))) : card(null, empty("Every server offers what was approved.")),
        h("p", { class: "note" }, "What a server changed or added since its definitions were approved is not used until it is approved here."));
    } catch (error) {
      page.tell(error.message);
    }
  },
};
