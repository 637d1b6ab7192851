// Requests to the service. Offsets of the service count characters of Unicode, ours code units.

let token = "";

export class Refused extends Error {}

export function useToken(value) {
  token = value;
}

async function ask(path, body, { signal, lines } = {}) {
  const headers = { "content-type": "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  if (lines) headers.accept = "application/x-ndjson";
  const response = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers,
    signal,
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch(gone);
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  const refused = new Refused(told.error?.message ?? `the server answered ${response.status}`);
  refused.status = response.status;
  throw refused;
}

function gone(error) {
  if (error.name === "AbortError") throw error;
  throw new Refused("the server does not answer; is majuscule serve still running?");
}

const whole = async (kind, ...request) => (await ask(...request))[kind]().catch(gone);

export const model = () => whole("json", "v1/model");
export const detect = (body, options) => whole("json", "v1/detect", body, options);
export const adapt = (body) => whole("json", "v1/adapt", body);
export const adapter = (name) => whole("blob", `v1/adapters/${name}`);
export const example = () => whole("text", "page/example.txt");

// The explanation of a text, piece by piece as the service makes them.
export async function* explain(body, signal) {
  const response = await ask("v1/explain", body, { signal, lines: true });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let begun = [];
  for (;;) {
    const { value, done } = await reader.read().catch(gone);
    if (done) break;
    const parts = value.split("\n");
    begun.push(parts[0]);
    for (const part of parts.slice(1)) {
      yield read(begun.join(""));
      begun = [part];
    }
  }
}

// Pieces are the same if all but their places is: these come last in the line.
function read(line) {
  const piece = JSON.parse(line);
  if (piece.error) throw new Refused(piece.error.message);
  return { ...piece, same: line.slice(0, line.lastIndexOf(',"input_at":')) };
}

const PAIRS = /[\ud800-\udbff]/;

// Of a text, a function from offsets in characters to offsets in code units.
export function units(text) {
  if (!PAIRS.test(text)) return (at) => at;
  const starts = [];
  for (let i = 0; i < text.length; i += text.codePointAt(i) > 0xffff ? 2 : 1) starts.push(i);
  starts.push(text.length);
  return (at) => starts[at];
}

// How many characters some code units are.
export function characters(text) {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}
