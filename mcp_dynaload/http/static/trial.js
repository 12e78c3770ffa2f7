// A prompt tried: what it would load at a session's start, and why; nothing is changed.

import { post } from "./api.js";
import { card, counted, empty, h, ms, name, percent, table, whole } from "./dom.js";

const STRATEGIES = ["balanced", "conservative", "aggressive"];

function rows(tools) {
  return tools.map((tool) => [
    name(tool.name), tool.reason, tool.terms.slice(0, 6).join(", ") || "by meaning",
    h("span", {}, h("meter", { min: 0, max: 1, value: tool.probability, "aria-hidden": "true" }), ` ${(100 * tool.probability).toFixed(0)} %`),
    tool.prior ? `${tool.prior > 0 ? "+" : ""}${tool.prior.toFixed(2)}` : "", whole(tool.tokens)]);
}

const COLUMNS = [["tool", false], ["why", false], ["words", false], ["probability", true], ["learned", true], ["tokens", true]];

function result(answer) {
  return [
    card(answer.loaded.length ? `Would load ${counted(answer.loaded.length, "tool")}: ${answer.reason}` : `Would load nothing: ${answer.reason}`,
      h("p", {}, `${whole(answer.optimized_tokens)} of ${whole(answer.baseline_tokens)} tokens, ${percent(answer.reduction_percentage)} saved. `,
        `A tool is needed with ${(100 * answer.need).toFixed(0)} % probability; ${answer.strategy}; `,
        `ranked in ${ms(answer.detection_time_ms)}.`),
      answer.loaded.length ? table(COLUMNS, rows(answer.loaded)) : null),
    card("Left out, nearest first", answer.nearest.length ? table(COLUMNS, rows(answer.nearest)) : empty("No other tool comes near.")),
  ];
}

export const trial = {
  open(page, view) {
    const text = h("textarea", { id: "prompt", required: true, maxlength: 20000, placeholder: "search for security vulnerabilities in the last release" });
    const strategy = h("select", { id: "strategy" }, STRATEGIES.map((one) => h("option", {}, one)));
    const answer = h("div", { id: "answer", "aria-live": "polite" });
    const form = h("form", { class: "card", onsubmit: (event) => {
      event.preventDefault();
      page.act(async () => answer.replaceChildren(...result(await post("explain", { query: text.value, strategy: strategy.value }))));
    } },
    h("p", {}, h("label", { for: "prompt" }, "What would you ask?")), text,
    h("p", { class: "row" }, h("label", { for: "strategy" }, "Strategy"), strategy, h("button", { class: "primary", id: "try" }, "Choose tools")));
    view.replaceChildren(h("h2", {}, "Try a prompt"), form, answer);
  },
};
