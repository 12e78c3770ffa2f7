// Drawings, each with its numbers as a table for those who cannot see it.

import { h, s, table, time, whole } from "./dom.js";

const WIDTH = 900, HEIGHT = 190, LEFT = 62, BOTTOM = 22, TOP = 12;

function compact(value) {
  return Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value);
}

// Saved tokens upwards, what list changes have cost downwards.
export function savedOverTime(series) {
  const first = series[0].at, last = Math.max(series.at(-1).at + 300, first + 6 * 300);
  const most = niceAbove(Math.max(...series.map((slice) => slice.saved_tokens), 1));
  const cost = Math.max(...series.map((slice) => slice.cache_cost_tokens), 0);
  const share = most / (most + cost);
  const zero = TOP + (HEIGHT - TOP - BOTTOM) * share;
  const scale = (zero - TOP) / most;
  const x = (at) => LEFT + ((at - first) / (last - first)) * (WIDTH - LEFT - 8);
  const width = Math.max(2, Math.min(40, x(first + 300) - x(first) - 2));
  const lines = [0, most / 2, most].map((value) => [
    s("line", { class: "axis", x1: LEFT, x2: WIDTH, y1: zero - value * scale, y2: zero - value * scale }),
    s("text", { x: LEFT - 8, y: zero - value * scale + 4, "text-anchor": "end" }, compact(value)),
  ]);
  const bars = series.map((slice) => [
    s("rect", { class: "saved", x: x(slice.at), y: zero - Math.max(0, slice.saved_tokens) * scale, width, rx: 2,
      height: Math.max(0, slice.saved_tokens) * scale }),
    s("rect", { class: "cost", x: x(slice.at), y: zero, width, height: slice.cache_cost_tokens * scale, rx: 2 }),
  ]);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => s("text",
    { x: x(first + part * (last - first)), y: HEIGHT - 4, "text-anchor": part === 0 ? "start" : part === 1 ? "end" : "middle" },
    time(first + part * (last - first)).replace(/:\d\d(?=\D*$)/, "")));
  const net = series.reduce((sum, slice) => sum + slice.saved_tokens - slice.cache_cost_tokens, 0);
  return [
    s("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
      "aria-label": `Tokens saved in slices of five minutes, ${whole(net)} net in all` }, lines, bars, ticks),
    h("p", { class: "legend" }, h("span", { class: "saved" }, "saved against all tools loaded"),
      h("span", { class: "cost" }, "read anew because the list changed")),
    asTable(["from", "prompts", "saved", "cost", "net"], series.map((slice) => [time(slice.at), slice.prompts,
      whole(slice.saved_tokens), whole(slice.cache_cost_tokens), whole(slice.saved_tokens - slice.cache_cost_tokens)])),
  ];
}

export function histogram(times, bounds) {
  const labels = [...bounds.map((bound) => (bound >= 1000 ? `${bound / 1000} s` : `${bound} ms`)), "more"];
  const used = times.buckets.map((count, index) => (count ? index : -1)).filter((index) => index >= 0);
  const from = Math.max(0, Math.min(...used) - 1), to = Math.min(labels.length - 1, Math.max(...used) + 1);
  const shown = times.buckets.slice(from, to + 1);
  const step = 440 / shown.length, most = Math.max(...shown);
  const bars = shown.map((count, index) => [
    s("rect", { class: "saved", x: index * step + 3, y: 12 + 100 * (1 - count / most), width: step - 6, rx: 2, height: 100 * (count / most) }),
    s("text", { x: index * step + step / 2, y: 8 + 100 * (1 - count / most), "text-anchor": "middle" }, count ? String(count) : ""),
    s("text", { x: index * step + step / 2, y: 128, "text-anchor": "middle" }, labels[from + index]),
  ]);
  return [
    s("svg", { class: "chart", viewBox: "0 0 440 134", role: "img", "aria-label": `How often it took how long, ${times.count} times in all` },
      s("line", { class: "axis", x1: 0, x2: 440, y1: 112, y2: 112 }), bars),
    asTable(["up to", "times"], shown.map((count, index) => [labels[from + index], count])),
  ];
}

// Pairs of a name and a number, with what to write behind the bar.
export function bars(pairs) {
  const most = Math.max(...pairs.map(([, value]) => value), 1);
  return h("dl", { class: "bars" }, pairs.map(([label, value, text]) => [
    h("dt", {}, label),
    h("dd", {}, s("svg", { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
      s("rect", { class: "soft", width: 100, height: 6, rx: 1 }), s("rect", { class: "saved", width: (100 * value) / most, height: 6, rx: 1 }))),
    h("dd", { class: "number" }, text),
  ]));
}

function asTable(heads, rows) {
  return h("details", { "data-key": `table-${heads.join("-")}` }, h("summary", { class: "note" }, "as a table"),
    table(heads.map((head, index) => [head, index > 0]), rows));
}
