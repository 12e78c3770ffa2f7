// Which view is shown, and when it is drawn anew.

import { Refused, follow, get, useToken } from "./api.js";
import { held } from "./held.js";
import { overview } from "./overview.js";
import { alerts, misses, sessions } from "./past.js";
import { servers } from "./servers.js";
import { tools } from "./tools.js";
import { trial } from "./trial.js";

const VIEWS = { overview, sessions, tools, servers, held, misses, alerts, try: trial };
const RETRY_MS = 2000, STATUS_MS = 3000;

const state = { overview: null, status: null };
const view = document.getElementById("view");
const live = document.getElementById("live");
const notice = document.getElementById("notice");
let shown = null;

const current = () => (location.hash.slice(1) in VIEWS ? location.hash.slice(1) : "overview");

export function tell(text, isGood = false) {
  notice.textContent = text;
  notice.className = isGood ? "notice good" : "notice";
  notice.hidden = !text;
}

const page = {
  state,
  tell,
  async act(work, done = null) {
    try {
      await work();
      if (done !== null) tell(done, true);
    } catch (error) {
      failed(error);
    }
    await refreshStatus();
  },
};

function failed(error) {
  if (error instanceof Refused) document.getElementById("token").hidden = false;
  tell(error.message);
}

function draw(isNew = false) {
  const key = current();
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${key}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const firing = state.overview?.firing.length ?? 0;
  const count = document.getElementById("alert-count");
  count.hidden = !firing;
  count.textContent = firing ? String(firing) : "";
  if (shown !== key) {
    shown = key;
    view.replaceChildren();
    VIEWS[key].open?.(page, view);
  }
  if (VIEWS[key].draw) redraw(() => VIEWS[key].draw(page, view));
  document.title = `${view.querySelector("h2")?.textContent ?? "dynaload"} · dynaload`;
  if (isNew) view.focus({ preventScroll: true });
}

// What was opened stays open, and the focus stays where it was.
function redraw(work) {
  const open = new Set([...view.querySelectorAll("details[open]")].map((one) => one.dataset.key));
  const focus = document.activeElement?.dataset?.key;
  work();
  for (const one of view.querySelectorAll("details")) if (open.has(one.dataset.key)) one.open = true;
  if (focus) view.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
}

async function refreshStatus() {
  try {
    state.status = await get("status");
    draw();
  } catch (error) {
    failed(error);
  }
}

async function keepLive() {
  for (;;) {
    try {
      await follow("overview/live", (data) => {
        live.textContent = "live";
        live.className = "live on";
        state.overview = data;
        draw();
      });
    } catch (error) {
      if (error instanceof Refused) return failed(error);
    }
    live.textContent = "connecting again…";
    live.className = "live off";
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function keepStatus() {
  for (;;) {
    if (current() === "servers") await refreshStatus();
    await new Promise((resolve) => setTimeout(resolve, STATUS_MS));
  }
}

document.getElementById("token").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken(document.getElementById("token-text").value);
  location.reload();
});
addEventListener("hashchange", () => draw(true));
draw();
refreshStatus();
keepLive();
keepStatus();
