// The servers behind us: state, and start, stop, restart.

import { post } from "./api.js";
import { badge, card, empty, h, ms, name, table, whole } from "./dom.js";

const KINDS = { running: "good", failing: "bad", "needs login": "warn", unlisted: "warn", stopped: "" };

function actions(page, server) {
  const button = (action, isOff) => h("button", { type: "button", disabled: isOff, "data-key": `${action}-${server.name}`,
    "aria-label": `${action} ${server.name}`,
    onclick: (event) => {
      event.target.disabled = true;
      page.act(() => post(`upstreams/${encodeURIComponent(server.name)}/${action}`), `${server.name}: ${action} done.`);
    } }, action);
  const runs = server.running_in > 0;
  return h("div", { class: "actions" }, button("start", runs), button("stop", !runs), button("restart", false));
}

// Definitions that the client would have refused.
function odd(server) {
  const counts = [[server.repaired, "repaired"], [server.left_out, "left out"]];
  return counts.filter(([count]) => count).map(([count, done]) => `${whole(count)} ${done}`).join(", ");
}

export const servers = {
  draw(page, view) {
    const status = page.state.status, counts = page.state.overview?.summary.upstreams ?? {};
    const rows = (status?.upstreams ?? []).map((server) => {
      const past = counts[server.name];
      return [
        h("div", {}, name(server.name), h("div", { class: "note" }, server.transport)),
        h("div", {}, badge(server.state, KINDS[server.state]), server.error ? h("div", { class: "note" }, server.error.split("\n")[0]) : null),
        h("div", {}, whole(server.tools), odd(server) ? h("div", { class: "note" }, odd(server)) : null),
        whole(server.tokens), past ? whole(past.calls) : "0", past?.starts ? ms(past.start_ms) : "–",
        past?.calls ? ms(past.call_ms) : "–", past ? whole(past.failures) : "0", actions(page, server),
      ];
    });
    const columns = [["server", false], ["state", false], ["tools", true], ["tokens", true], ["calls", true], ["start", true],
      ["call", true], ["failures", true], ["", false, true]];
    view.replaceChildren(h("h2", {}, "Servers"), card(null, rows.length ? table(columns, rows) : empty("No server is configured.")),
      h("p", { class: "note" }, "State and buttons are of this process; servers start by themselves when a tool of theirs is called."));
  },
};
