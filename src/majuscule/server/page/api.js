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
  });
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  const refused = new Refused(told.error?.message ?? `the server answered ${response.status}`);
  refused.status = response.status;
  throw refused;
}

export const model = async () => (await ask("v1/model")).json();
export const detect = async (body, options) => (await ask("v1/detect", body, options)).json();
export const adapt = async (body) => (await ask("v1/adapt", body)).json();
export const adapter = async (name) => (await ask(`v1/adapters/${name}`)).blob();

// The explanation of a text, piece by piece as the service makes them: each with the line of
// JSON it came in, by which pieces are told from one another.
export async function* explain(body, signal) {
  const response = await ask("v1/explain", body, { signal, lines: true });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let begun = [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const parts = value.split("\n");
    begun.push(parts[0]);
    for (const part of parts.slice(1)) {
      yield read(begun.join(""));
      begun = [part];
    }
  }
}

function read(line) {
  const piece = JSON.parse(line);
  if (piece.error) throw new Refused(piece.error.message);
  return { ...piece, line };
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
  return PAIRS.test(text) ? Array.from(text).length : text.length;
}
