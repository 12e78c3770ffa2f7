// Sessions with what each has loaded and why; what was missed; alerts.

import { badge, card, counted, empty, folder, h, name, short, table, time, whole } from "./dom.js";

function session(one) {
  const net = one.saved_tokens - one.cache_cost_tokens;
  const share = one.baseline_tokens ? 1 - one.listed_tokens / one.baseline_tokens : 0;
  const loaded = one.loaded.map((tool) => [name(tool.tool), tool.why, time(tool.at)]);
  return h("details", { class: "session", "data-key": one.who.session },
    h("summary", { "data-key": `summary-${one.who.session}` },
      h("span", {}, name(short(one.who.session)), " ", badge(one.is_open ? "open" : "over", one.is_open ? "good" : "")),
      h("span", {}, one.client || "?", one.who.user ? ` · ${one.who.user}` : "", h("div", { class: "note" }, folder(one.who.project))),
      h("span", {}, counted(one.prompts, "prompt"), h("div", { class: "note" }, `${counted(one.calls, "call")} · ${one.strategy}`)),
      h("span", {}, `${one.loaded.length} of ${one.tools} tools`, h("div", { class: "note" },
        one.listed_tokens ? [h("meter", { min: 0, max: 1, value: Math.max(0, share), "aria-label": "saved share of the tokens" }),
          ` ${(100 * share).toFixed(0)} % saved`] : "nothing listed yet")),
      h("span", { class: "number" }, whole(net), h("div", { class: "note" }, "tokens net"))),
    h("div", {}, loaded.length ? table([["tool", false], ["why", false], ["since", true]], loaded) : empty("Nothing is loaded."),
      one.missed.length ? h("p", { class: "note" }, "Missed: ", one.missed.join(", ")) : null,
      h("p", { class: "note" }, `Loaded and used ${one.quality.used}, in vain ${one.quality.in_vain}, searches ${one.quality.searches}. ${one.who.project}`)));
}

const of = (page, key) => page.state.overview?.[key] ?? [];

export const sessions = {
  draw(page, view) {
    const all = of(page, "sessions").filter((one) => one.is_open || one.prompts || one.calls || one.loaded.length);
    view.replaceChildren(h("h2", {}, "Sessions"),
      card(null, all.length ? all.map(session) : empty("No session in the last day.")),
      h("p", { class: "note" }, "Of all processes that write this journal, latest first. Open one to see what it has loaded and why."));
  },
};

export const misses = {
  draw(page, view) {
    const rows = of(page, "misses").map((one) => [time(one.at), one.how, one.tools.map((tool) => h("div", {}, name(tool))), name(short(one.session))]);
    const steps = of(page, "fallbacks").map((one) => [time(one.at), badge(one.name.replaceAll("_", " ")), one.detail]);
    view.replaceChildren(h("h2", {}, "Misses and fallbacks"),
      card("Tools that were wanted and not listed", rows.length
        ? table([["time", false], ["how", false], ["tools", false], ["session", false]], rows) : empty("None in the last day.")),
      card("Steps of the fallback chain", steps.length
        ? table([["time", false], ["step", false], ["detail", false]], steps) : empty("None in the last day.")));
  },
};

export const alerts = {
  draw(page, view) {
    const row = (one) => [time(one.at), name(one.name), badge(one.is_firing ? "fired" : "ended", one.is_firing ? "bad" : "good"), one.detail];
    const columns = [["time", false], ["alert", false], ["", false], ["value", false]];
    const firing = of(page, "firing"), past = of(page, "alerts");
    view.replaceChildren(h("h2", {}, "Alerts"),
      card("Firing now", firing.length ? table(columns, firing.map(row)) : empty("All watched values are within their bounds.")),
      card("The last day", past.length ? table(columns, past.map(row)) : empty("No alert.")),
      h("p", { class: "note" }, "Bounds are settings: success_rate_min, error_rate_max, avg_response_time_max and others."));
  },
};
