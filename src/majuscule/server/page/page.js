// The page: what is typed is restored as it comes, what is taken is remembered; the last input wins.

import * as api from "./api.js";
import { View } from "./view.js";
import { Word, sameLetters } from "./word.js";

const FULL = 20000; // characters of which every word is told; of more only the doubtful ones
const SURE = 0.95;
const at = (name) => document.getElementById(name);
const given = at("given");
const view = new View(at("restored"));
const word = new Word(at("word"), choose);

// Each token that was chosen: by its offset in characters, how it is to be written.
let choices = new Map();
let last = ""; // the text that the choices are of
let adapter = null;
let work = new AbortController();
let timer;
let took = 0; // milliseconds for the last text

// --- restoring

function options() {
  const edits = [...document.querySelectorAll("[name=edit]:checked")].map((box) => box.value);
  return {
    ...(at("style").value ? { style: at("style").value } : {}),
    ...(adapter ? { adapter } : {}),
    edits,
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
  // A long text is not sent for every key.
  timer = setTimeout(restore, Math.min(40 + took / 2, 600));
}

async function restore() {
  work.abort();
  work = new AbortController();
  const { signal } = work;
  const text = given.value;
  const asked = options();
  if (!asked.edits.length) return say("choose what to restore: capitals, spaces or apostrophes", true);
  const begin = performance.now();
  view.given = text;
  let count = 0;
  try {
    if (text) {
      const below = text.length > FULL ? SURE : 1;
      const body = { ...asked, text, below, choices: chosen() };
      for await (const piece of api.explain(body, signal)) {
        if (signal.aborted) return undefined;
        view.put(count, piece);
        count += 1;
      }
    }
    view.end(count);
    took = performance.now() - begin;
    await tell(text, signal);
  } catch (error) {
    if (error.name !== "AbortError") fail(error);
  }
  return undefined;
}

function chosen() {
  return [...choices].map(([place, choice]) => ({ at: place, ...choice }));
}

async function tell(text, signal) {
  if (!text.trim()) return say("");
  const doubts = view.box.querySelectorAll(".doubt:not(.chosen)").length;
  const parts = [`${count(text.match(/\S+/g).length, "word")}`];
  if (view.shown === "doubts") parts.push(`${doubts.toLocaleString()} doubtful`);
  parts.push(`${Math.max(1, Math.round(took))} ms`);
  const head = text.slice(0, FULL);
  const { findings } = await api.detect({ text: head, document: at("document").value }, { signal });
  const kinds = new Set(findings.map((one) => `${WRITINGS[one.writing]}, ${one.spacing}`));
  parts.push(`read as ${[...kinds].slice(0, 3).join("; ")}`);
  return say(parts.join(" · "));
}

const WRITINGS = {
  natural: "natural case",
  partly: "half-cased",
  lower: "lower case",
  upper: "all capitals",
  title: "Title Case",
};

const count = (number, what) => `${number.toLocaleString()} ${what}${number === 1 ? "" : "s"}`;

function say(message, wrong = false) {
  at("status").textContent = message;
  at("status").classList.toggle("wrong", wrong);
}

async function fail(error) {
  if (error.status === 401) {
    at("token").showModal();
    return;
  }
  const gone = error instanceof TypeError;
  say(gone ? "the server does not answer; is majuscule serve still running?" : error.message, true);
}

// --- choosing

function choose({ piece, decision }, choice) {
  const place = piece.input_at + decision.input[0];
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
  refocus = place;
  restore().then(returnFocus);
}

let refocus = null;

// Back to the word that was chosen, wherever it is now.
function returnFocus() {
  for (const doubt of view.doubts) {
    const { piece, decision } = view.decisionAt(doubt);
    if (piece.input_at + decision.input[0] === refocus) return view.focus(doubt);
  }
  return view.box.focus();
}

// Choices stay with their words where the text around them is edited.
function follow() {
  const text = given.value;
  if (choices.size && text !== last) {
    const most = Math.min(text.length, last.length);
    let head = 0;
    while (head < most && text[head] === last[head]) head += 1;
    let tail = 0;
    while (tail < most - head && text.at(-1 - tail) === last.at(-1 - tail)) tail += 1;
    const first = api.characters(last.slice(0, head));
    const end = api.characters(last.slice(0, last.length - tail));
    const moved = api.characters(text) - api.characters(last);
    choices = new Map(
      [...choices].flatMap(([place, choice]) => {
        if (place < first) return [[place, choice]];
        return place >= end ? [[place + moved, choice]] : [];
      }),
    );
  }
  last = text;
}

view.box.addEventListener("pointerover", (event) => {
  const found = view.decisionAt(event.target);
  if (found) word.hover(found);
});
view.box.addEventListener("pointerout", (event) => {
  if (view.decisionAt(event.target)) word.leave();
});
view.box.addEventListener("focusin", (event) => {
  const found = view.decisionAt(event.target);
  if (found && event.target.matches(":focus-visible")) word.hover(found);
});
view.box.addEventListener("focusout", () => word.leave());
view.box.addEventListener("click", (event) => {
  if (!getSelection().isCollapsed) return; // it was marked, not clicked
  const found = view.decisionAt(event.target) ?? view.wordAt(event.clientX, event.clientY);
  if (found) word.open(found);
});
view.box.addEventListener("keydown", (event) => {
  const found = view.decisionAt(document.activeElement);
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (step && view.doubts.length) view.go(step);
  else if (found && (event.key === "Enter" || event.key === " ")) word.open(found);
  else if (event.key === "Escape") word.close();
  else return;
  event.preventDefault();
});

// --- text in and out

given.addEventListener("input", () => {
  follow();
  soon();
});

async function take(file) {
  const text = await file.text();
  if (text.includes("\0")) return say(`expected text, got ${file.name}, which has none`, true);
  return put(text);
}

function put(text) {
  given.value = text;
  choices = new Map();
  last = text;
  word.close(false);
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
at("example").addEventListener("click", async () => {
  put(await (await fetch("page/example.txt")).text());
});
at("clear").addEventListener("click", () => {
  put("");
  given.focus();
});

let depth = 0;
addEventListener("dragenter", () => {
  depth += 1;
  at("drop").hidden = false;
});
addEventListener("dragleave", () => {
  depth -= 1;
  at("drop").hidden = depth > 0 ? false : true;
});
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => {
  event.preventDefault();
  depth = 0;
  at("drop").hidden = true;
  const [file] = event.dataTransfer.files;
  if (file) take(file);
  else if (event.dataTransfer.getData("text")) put(event.dataTransfer.getData("text"));
});

at("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(view.text);
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
at("save").addEventListener("click", () => download(view.text, "restored.txt"));
at("save-lexicon").addEventListener("click", () => {
  const taken = [...choices.values()].map((choice) => choice.written).filter(Boolean);
  const lines = [...new Set([...names(), ...taken])];
  download(lines.map((line) => `${line}\n`).join(""), "names.txt");
});

// --- options

at("changes").addEventListener("click", () => {
  const on = view.shown !== "changes";
  view.shown = on ? "changes" : "doubts";
  at("changes").setAttribute("aria-pressed", on);
  word.close(false);
  view.again();
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
  pick(async (file) => {
    at("sample").value = await file.text();
  }),
);
at("adapt").addEventListener("click", async () => {
  const sample = at("sample").value;
  const told = at("learned");
  told.classList.remove("wrong");
  told.textContent = "Learning; this takes some seconds.";
  at("adapt").disabled = true;
  try {
    const learned = await api.adapt({ sample });
    adapter = learned.adapter;
    told.textContent = learned.summary.join("\n");
    at("forget").hidden = false;
    at("adapter").hidden = false;
    restore();
  } catch (error) {
    told.classList.add("wrong");
    told.textContent = error.message;
    if (error.status === 401) fail(error);
  }
  at("adapt").disabled = false;
});
at("forget").addEventListener("click", () => {
  adapter = null;
  at("forget").hidden = true;
  at("adapter").hidden = true;
  at("learned").textContent = "";
  restore();
});
at("adapter").addEventListener("click", async (event) => {
  event.preventDefault();
  try {
    download(await api.adapter(adapter), "house.safetensors");
  } catch (error) {
    fail(error);
  }
});

// --- the page itself

function theme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  at("theme").setAttribute("aria-pressed", dark);
}
at("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme !== "dark";
  theme(dark);
  localStorage.setItem("theme", dark ? "dark" : "light");
});
const wanted = localStorage.getItem("theme");
theme(wanted ? wanted === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);

async function begin() {
  try {
    const model = await api.model();
    at("style").append(...model.styles.map((style) => new Option(style, style)));
    if (given.value) restore(); // the browser kept it
  } catch (error) {
    fail(error);
  }
}
at("token").addEventListener("close", () => {
  api.useToken(at("token-value").value);
  begin();
});
begin();
