// What it all saves and how long it takes.

import { bars, histogram, savedOverTime } from "./charts.js";
import { card, empty, h, ms, percent, table, whole } from "./dom.js";

// The same as in telemetry/histogram.py.
const BOUNDS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000];
const TIMES = {
  prompt: "a prompt, end to end", detection: "ranking the tools", selection: "choosing among them", refresh: "the client reading the list",
  call: "a tool call", call_own: "our part of a call", call_upstream: "the server's part of a call", upstream_start: "starting a server",
  command: "a slash command",
};
const MOST = 8;

let chosen = "prompt";

const tile = (label, figure, note, id = null) => h("div", { class: "tile" }, h("dt", {}, label),
  h("dd", {}, h("div", { class: "figure", id }, figure), h("div", { class: "note" }, note)));

function tiles({ summary }) {
  const { tokens, reductions, calls, times, quality } = summary;
  const tried = calls.total - calls.refused - calls.cancelled;
  return h("dl", { class: "tiles" },
    tile("Tokens saved, net", whole(tokens.net_saved), `${whole(tokens.saved)} less ${whole(tokens.list_change_cost)} for list changes`, "net-saved"),
    tile("Mean reduction", percent(reductions.mean_percent), `${percent(100 * reductions.reaching_floor_share)} of prompts reach their goal`),
    tile("Prompts", whole(summary.prompts), `p95 ${ms(times.prompt.p95_ms)} in all, ${ms(times.detection.p95_ms)} to rank`),
    tile("Tool calls", whole(calls.total), tried ? `${percent((100 * (tried - calls.failed)) / tried)} answered` : "none yet"),
    tile("Loaded tools used", calls.total && quality.used + quality.in_vain ? percent((100 * quality.used) / (quality.used + quality.in_vain)) : "–",
      `${quality.missed} missed, ${quality.searches} searches`),
    tile("Sessions", whole(summary.sessions_open), `open now, ${whole(summary.sessions)} in all`));
}

function timing(page, summary, view) {
  const options = Object.entries(TIMES).map(([key, label]) => h("option", { value: key, selected: key === chosen }, label));
  const times = summary.times[chosen];
  return card("How long it takes",
    h("p", { class: "row" }, h("label", { for: "timed" }, "Time of"), h("select", { id: "timed", "data-key": "timed", onchange: (event) => {
      chosen = event.target.value;
      overview.draw(page, view);
      view.querySelector("#timed").focus();
    } }, options)),
    times.count ? [histogram(times, BOUNDS), h("p", { class: "note" }, `p50 ${ms(times.p50_ms)} · p95 ${ms(times.p95_ms)} · p99 ${ms(times.p99_ms)} · longest ${ms(times.max_ms)}`)]
      : empty("Nothing was timed yet."));
}

function tiers(summary) {
  const rows = Object.entries(summary.prompt_times_by_tiers).map(([key, times]) => [key, times.count, ms(times.p50_ms), ms(times.p95_ms)]);
  return card("Tiers", rows.length
    ? table([["listed tiers", false], ["prompts", true], ["p50", true], ["p95", true]], rows) : empty("No prompt yet."),
  h("p", { class: "note" }, "Core: pinned or usual in the project. Task: loaded for what is being done."));
}

function categories(summary) {
  const pairs = Object.entries(summary.categories).slice(0, MOST)
    .map(([key, counts]) => [key, counts.prompts, `${counts.prompts} × · ${whole(counts.tokens)} tokens`]);
  return card("Categories loaded for prompts", pairs.length ? bars(pairs) : empty("None yet."));
}

function popular(summary) {
  const pairs = Object.entries(summary.tools).slice(0, MOST).map(([key, count]) => [h("span", { class: "name" }, key), count, `${count} ×`]);
  return card("Most called tools", pairs.length ? bars(pairs) : empty("No call yet."));
}

export const overview = {
  draw(page, view) {
    const data = page.state.overview;
    if (!data) return view.replaceChildren(h("h2", {}, "Overview"), empty("Reading the journal…"));
    const { summary, series } = data;
    view.replaceChildren(
      h("h2", {}, "Overview"),
      data.is_collecting ? "" : h("p", { class: "card" }, "Nothing is collected: METRICS_COLLECTION_ENABLED is false."),
      tiles(data),
      card("Tokens saved over time", series.length ? savedOverTime(series) : empty("No prompt in the last day.")),
      h("div", { class: "columns" }, timing(page, summary, view), categories(summary), popular(summary), tiers(summary)));
  },
};
