// The page: what is typed is restored as it comes, what is taken is remembered; the last input wins.

import * as api from "./api.js";
import { SURE, View, breath } from "./view.js";
import { Word, sameLetters } from "./word.js";

const FULL = 20000; // characters of which every word is told; of more only the doubtful ones
const at = (name) => document.getElementById(name);
const given = at("given");
const view = new View(at("restored"));
const word = new Word(at("word"), choose);

// Each token that was chosen: by its offset in characters, how it is to be written.
let choices = new Map();
let last = ""; // the text that the choices are of
let ending = "\n"; // of the lines in the file that was opened
let adapter = null;
let work = new AbortController();
let done = null; // what restoring came to, or will; null if it must be begun
let timer;
let took = 0; // milliseconds for the last text

// --- restoring

function options() {
  const edits = [...document.querySelectorAll("[name=edit]:checked")].map((box) => box.value);
  return {
    ...(at("style").value ? { style: at("style").value } : {}),
    ...(adapter ? { adapter } : {}),
    edits,
    effort: at("effort").checked ? "best" : "fast",
    document: at("document").value,
    lexicon: names(),
    min_confidence: Number(at("confidence").value) / 100,
    recase: at("recase").checked,
    respace: at("respace").checked,
  };
}

function names() {
  return at("lexicon").value.split("\n").map((line) => line.trim()).filter(Boolean);
}

function soon() {
  clearTimeout(timer);
  work.abort();
  done = null;
  busy(true);
  // A long text is not sent for every key.
  timer = setTimeout(restore, Math.min(40 + took / 2, 600));
}

function restore() {
  clearTimeout(timer);
  work.abort();
  work = new AbortController();
  busy(true);
  done = restored(work.signal);
  return done;
}

// Whether all of it is shown; undefined if something else was asked for meanwhile.
async function restored(signal) {
  const text = given.value;
  const asked = options();
  at("names").textContent = asked.lexicon.length || "";
  const begun = performance.now();
  let number = 0;
  try {
    if (!asked.edits.length) throw new api.Refused("choose what to restore: capitals, spaces or apostrophes");
    if (text) {
      const unit = api.units(text);
      const below = text.length > FULL ? SURE : 1;
      const body = { ...asked, text, below, choices: chosen() };
      for await (const piece of api.explain(body, signal)) {
        if (number) await breath();
        if (signal.aborted) return undefined;
        const begin = unit(piece.input_at);
        if (number) say(`restored ${percent(begin / text.length)}`);
        view.put(number, { ...piece, given: text, begin });
        number += 1;
      }
    }
    view.end(number);
  } catch (error) {
    if (signal.aborted) return undefined;
    done = null;
    busy(false);
    fail(error);
    return false;
  }
  busy(false);
  took = performance.now() - begun;
  tell(text, signal);
  return true;
}

function busy(is) {
  view.box.setAttribute("aria-busy", is);
}

function chosen() {
  return [...choices].map(([place, choice]) => ({ at: place, ...choice }));
}

async function tell(text, signal) {
  if (!text.trim()) return say("");
  const doubts = view.box.querySelectorAll(".doubt:not(.chosen)").length;
  const parts = [count(text.match(/[\p{L}\p{N}]\S*/gu)?.length ?? 0, "word")];
  if (view.shown === "doubts") parts.push(`${doubts.toLocaleString()} doubtful`);
  parts.push(`${Math.max(1, Math.round(took)).toLocaleString()} ms`);
  say(parts.join(" · "));
  const head = text.slice(0, FULL).replace(/[\ud800-\udbff]$/, ""); // no half of a character
  try {
    const { findings } = await api.detect({ text: head, document: at("document").value }, { signal });
    const kinds = new Set(findings.map((one) => `${WRITINGS[one.writing]}, ${one.spacing}`));
    parts.push(`read as ${[...kinds].slice(0, 3).join("; ")}`);
    return say(parts.join(" · "));
  } catch (error) {
    if (!signal.aborted) fail(error);
    return undefined;
  }
}

const WRITINGS = {
  natural: "natural case",
  partly: "half-cased",
  lower: "lower case",
  upper: "all capitals",
  title: "Title Case",
};

const count = (number, what) => `${number.toLocaleString()} ${what}${number === 1 ? "" : "s"}`;
const percent = (part) => `${Math.round(part * 100)} %`;

function say(message, wrong = false) {
  at("status").textContent = message;
  at("status").classList.toggle("wrong", wrong);
}

function fail(error) {
  if (error.status !== 401) say(error.message, true);
  else if (!at("token").open) at("token").showModal();
  if (!(error instanceof api.Refused)) throw error;
}

// --- choosing

function choose({ piece, decision }, choice) {
  // The text may have been edited since the piece was made.
  const place = carried(piece.given, given.value)(piece.input_at + decision.input[0]);
  if (place === null) return;
  if (choice === null) {
    choices.delete(place);
  } else if (choice.everywhere && choice.written !== undefined) {
    choices.delete(place);
    const kept = names().filter((name) => !sameLetters(name, choice.written));
    at("lexicon").value = [...kept, choice.written].join("\n");
  } else {
    const { everywhere, ...written } = choice;
    choices.set(place, { ...choices.get(place), ...written });
  }
  last = given.value;
  view.box.focus({ preventScroll: true });
  restore().then(() => returnTo(place));
}

// Back to the word that was chosen, wherever it is now; unless the reader has gone elsewhere.
function returnTo(place) {
  if (document.activeElement !== view.box) return;
  for (const doubt of view.doubts) {
    const { piece, decision } = view.decisionAt(doubt);
    if (piece.input_at + decision.input[0] === place) return view.focus(doubt);
  }
}

// Choices stay with their words where the text around them is edited.
function follow() {
  if (choices.size) {
    const moved = carried(last, given.value);
    choices = new Map(
      [...choices].map(([place, choice]) => [moved(place), choice]).filter(([place]) => place !== null),
    );
  }
  last = given.value;
}

// From places in a text to those in what became of it; null for those in the part that is new.
function carried(before, after) {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const first = api.characters(before.slice(0, head));
  const end = api.characters(before.slice(0, before.length - tail));
  const further = api.characters(after) - api.characters(before);
  return (place) => (place < first ? place : place >= end ? place + further : null);
}

view.box.addEventListener("pointerover", (event) => {
  const found = view.decisionAt(event.target);
  if (found) word.hover(found);
});
view.box.addEventListener("pointerout", (event) => {
  if (view.decisionAt(event.target)) word.leave();
});
view.box.addEventListener("focusout", () => word.leave());
view.box.addEventListener("click", (event) => {
  if (!getSelection().isCollapsed) return; // it was marked, not clicked
  const found = view.decisionAt(event.target) ?? view.wordAt(event.clientX, event.clientY);
  if (found) word.open(found);
});
view.box.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const found = view.decisionAt(event.target);
  if (step && view.doubts.length) {
    view.go(step);
    word.hover(view.decisionAt(document.activeElement));
  } else if (found && (event.key === "Enter" || event.key === " ")) word.open(found);
  else return;
  event.preventDefault();
});
addEventListener("resize", () => word.moved());
document.addEventListener(
  "scroll",
  ({ target }) => {
    if (target.contains(view.box)) word.moved();
  },
  true,
);

// --- text in and out

given.addEventListener("input", () => {
  follow();
  soon();
});

// What a file has, byte for byte; what is no text is refused, as letters would be lost.
async function read(file) {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    const content = text.decode(await file.arrayBuffer());
    if (!content.includes("\0")) return content;
  } catch {
    // told below
  }
  throw new api.Refused(`expected text in UTF-8, got ${file.name}, which is something else`);
}

function take(file) {
  return read(file).then(put, fail);
}

function put(text) {
  given.value = text;
  ending = /\r\n?|\n/.exec(text)?.[0] ?? "\n";
  choices = new Map();
  last = given.value;
  word.close(false);
  given.scrollTop = 0;
  view.box.scrollTop = 0;
  restore();
}

let taking = take;
at("open").addEventListener("click", () => pick(take));
function pick(action) {
  taking = action;
  at("file").value = "";
  at("file").click();
}
at("file").addEventListener("change", () => {
  const [file] = at("file").files;
  if (file) taking(file);
});
at("example").addEventListener("click", () => api.example().then(put, fail));
at("clear").addEventListener("click", () => {
  put("");
  given.focus();
});

// Files only: text that is dragged goes where it is dropped.
let depth = 0;
const files = (act) => (event) => {
  if (event.dataTransfer.types.includes("Files")) act(event);
};
function over(elements) {
  depth = elements;
  at("drop").hidden = depth === 0;
}
addEventListener("dragenter", files(() => over(depth + 1)));
addEventListener("dragleave", files(() => over(depth - 1)));
addEventListener("dragover", files((event) => event.preventDefault()));
addEventListener(
  "drop",
  files((event) => {
    event.preventDefault();
    over(0);
    take(event.dataTransfer.files[0]);
  }),
);

// The restored text, once it is that of all that is given; null if it cannot be had.
async function result() {
  const shown = await (done ?? restore());
  if (shown === undefined) return result();
  return shown ? view.text : null;
}

at("copy").addEventListener("click", async () => {
  const text = await result();
  if (text === null) return;
  try {
    await navigator.clipboard.writeText(text);
    flash(at("copy"), "Copied");
  } catch {
    getSelection().selectAllChildren(view.box);
    say("the browser does not let the page copy; the text is marked, press Ctrl-C");
  }
});

function flash(button, says) {
  const before = button.textContent;
  if (before === says) return;
  button.textContent = says;
  setTimeout(() => {
    button.textContent = before;
  }, 1500);
}

function download(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
at("save").addEventListener("click", async () => {
  const text = await result();
  // The browser's box has no other ends of lines than this one.
  if (text !== null) download(text.replaceAll("\n", ending), "restored.txt");
});
at("save-lexicon").addEventListener("click", () => {
  const taken = [...choices.values()].map((choice) => choice.written).filter(Boolean);
  const lines = [...new Set([...names(), ...taken])];
  download(lines.map((line) => `${line}\n`).join(""), "names.txt");
});

// --- options

at("changes").addEventListener("click", () => {
  const on = view.shown !== "changes";
  at("changes").setAttribute("aria-pressed", on);
  at("keys-doubts").hidden = on;
  at("keys-changes").hidden = !on;
  word.close(false);
  view.show(on ? "changes" : "doubts");
});
at("options").addEventListener("change", (event) => {
  if (event.target.id !== "sample") restore();
});
at("confidence").addEventListener("input", () => {
  at("confidence-shown").value = `${at("confidence").value} %`;
  soon();
});
at("lexicon").addEventListener("input", soon);

// One panel at a time, closed by Escape or a click elsewhere.
const panels = [...document.querySelectorAll("details")];
for (const panel of panels) {
  panel.addEventListener("toggle", () => {
    if (panel.open) for (const other of panels) if (other !== panel) other.open = false;
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    panel.open = false;
    panel.querySelector("summary").focus();
  });
}
document.addEventListener("pointerdown", (event) => {
  for (const panel of panels) if (!panel.contains(event.target)) panel.open = false;
});

at("open-sample").addEventListener("click", () =>
  pick((file) =>
    read(file).then((text) => {
      at("sample").value = text;
    }, teach),
  ),
);

function teach(says) {
  const wrong = says instanceof Error;
  at("learned").classList.toggle("wrong", wrong);
  at("learned").textContent = wrong ? says.message : says;
}

function learn(name) {
  adapter = name;
  at("forget").hidden = name === null;
  at("adapter").hidden = name === null;
  restore();
}

at("adapt").addEventListener("click", async () => {
  teach("Learning; this takes some seconds.");
  at("adapt").disabled = true;
  try {
    const learned = await api.adapt({ sample: at("sample").value });
    teach(learned.summary.join("\n"));
    learn(learned.adapter);
  } catch (error) {
    teach(error);
    if (error.status === 401) fail(error);
  }
  at("adapt").disabled = false;
});
at("forget").addEventListener("click", () => {
  teach("");
  learn(null);
});
at("adapter").addEventListener("click", async () => {
  try {
    download(await api.adapter(adapter), "house.safetensors");
  } catch (error) {
    teach(error);
  }
});

// --- the page itself

// Light or dark as the system has it, unless the reader has said which.
const dark = matchMedia("(prefers-color-scheme: dark)");
function theme() {
  const wanted = localStorage.getItem("theme");
  if (wanted) document.documentElement.dataset.theme = wanted;
  at("theme").setAttribute("aria-pressed", wanted ? wanted === "dark" : dark.matches);
}
dark.addEventListener("change", theme);
at("theme").addEventListener("click", () => {
  const pressed = at("theme").getAttribute("aria-pressed") === "true";
  localStorage.setItem("theme", pressed ? "light" : "dark");
  theme();
});
theme();

async function begin() {
  try {
    const { styles } = await api.model();
    const [none] = at("style").options;
    at("style").replaceChildren(none, ...styles.map((style) => new Option(style, style)));
    at("token").close();
    if (given.value) restore(); // the browser kept it
  } catch (error) {
    at("token-wrong").hidden = !at("token-value").value;
    fail(error);
  }
}
at("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  api.useToken(at("token-value").value);
  begin();
});
at("token").addEventListener("cancel", () => say("nothing is restored without the token", true));
begin();
