// The service's REST endpoints and its stream of events.

const PREFIX = "api/v1/dynamic-loading";
const TOKEN = "dynaload-token";

export class Refused extends Error {}

function headers(more = {}) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

export const useToken = (token) => sessionStorage.setItem(TOKEN, token);

async function answered(response) {
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401) throw new Refused("an access token is needed");
  if (response.status === 403) throw new Refused(problem.message ?? "another access token is needed");
  throw new Error(problem.message ?? problem.error_description ?? `the service answered ${response.status}`);
}

export const get = async (path) => answered(await fetch(`${PREFIX}/${path}`, { headers: headers() }));

export const openapi = async () => answered(await fetch("openapi.json", { headers: headers() }));

export const post = async (path, body = {}) => answered(await fetch(`${PREFIX}/${path}`,
  { method: "POST", headers: headers({ "Content-Type": "application/json" }), body: JSON.stringify(body) }));

// EventSource cannot send a token, so the stream is read by hand. Returns when it ends.
export async function follow(path, onData) {
  const response = await fetch(`${PREFIX}/${path}`, { headers: headers({ Accept: "text/event-stream" }) });
  if (!response.ok) await answered(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (text + value).split(/\r?\n\r?\n/);
    text = events.pop();
    for (const event of events) {
      const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
      if (data.length) onData(JSON.parse(data.join("\n")));
    }
  }
}
