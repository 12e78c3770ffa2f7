// The REST endpoints, drawn from the service's own OpenAPI description; the usual viewer would come from elsewhere.

import { Refused, openapi, useToken } from "./api.js";
import { badge, card, h, name, table } from "./dom.js";

const view = document.getElementById("view");
const notice = document.getElementById("notice");
const token = document.getElementById("token");

const named = (schema) => schema?.$ref?.split("/").pop();

// A schema in a few words: `QueryResult`, `string or null`, `array of LoadedTool`.
function kind(schema) {
  if (!schema) return "";
  if (named(schema)) return named(schema);
  if (schema.anyOf) return schema.anyOf.map(kind).join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.type === "array") return `array of ${kind(schema.items) || "any"}`;
  return schema.type ?? "any";
}

function fields(schema, schemas) {
  const whole = schemas[named(schema)] ?? schemas[named(schema?.anyOf?.find(named))] ?? schema;
  const required = new Set(whole?.required ?? []);
  return Object.entries(whole?.properties ?? {}).map(([field, about]) => [
    name(field), kind(about), required.has(field) ? "yes" : "", about.description ?? (about.default !== undefined ? `default ${JSON.stringify(about.default)}` : ""),
  ]);
}

const FIELDS = [["name"], ["type"], ["required"], ["about"]];
const part = (title, content) => (content ? [h("h4", {}, title), content] : []);
const rows = (found) => (found.length ? table(FIELDS, found) : null);

function operation(path, method, about, schemas) {
  const sent = about.requestBody?.content?.["application/json"]?.schema;
  const parameters = (about.parameters ?? []).filter((one) => one.in !== "header").map((one) => [
    name(one.name), kind(one.schema), one.required ? "yes" : "", one.description ?? one.schema.description ?? "",
  ]);
  const answers = Object.entries(about.responses).map(([status, answer]) => [
    status, kind(answer.content?.["application/json"]?.schema), answer.description,
  ]);
  return card(null,
    h("h3", {}, badge(method.toUpperCase()), " ", name(path)),
    h("p", {}, about.description ?? about.summary ?? ""),
    part("Parameters", rows(parameters)), part("Body", sent ? rows(fields(sent, schemas)) : null),
    part("Answers", table([["status"], ["body"], ["about"]], answers)));
}

async function draw() {
  try {
    const description = await openapi();
    const schemas = description.components?.schemas ?? {};
    const operations = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, about]) => operation(path, method, about, schemas)));
    const bodies = Object.keys(schemas).sort().map((schema) => h("details", {},
      h("summary", {}, name(schema)), h("p", {}, schemas[schema].description ?? ""), rows(fields(schemas[schema], schemas))));
    view.replaceChildren(h("h2", {}, "REST endpoints"), ...operations, card("Schemas", bodies));
    token.hidden = notice.hidden = true;
  } catch (error) {
    token.hidden = !(error instanceof Refused);
    notice.textContent = error.message;
    notice.hidden = false;
  }
}

token.addEventListener("submit", (event) => {
  event.preventDefault();
  useToken(document.getElementById("token-text").value);
  draw();
});
draw();
