// The restored text: a piece of it for each the service sends, a paragraph a line. What is the
// same as before is left alone, so that a long text can be typed into.

import { units } from "./api.js";
import { changes } from "./changes.js";

export const SURE = 0.95; // what is less probable is tinted

// Lets the browser paint, and answer keys, between one piece and the next.
export const breath = () => new Promise((resume) => setTimeout(resume));

export class View {
  constructor(box) {
    this.box = box;
    this.pieces = [];
    this.shown = "doubts"; // or changes
    this.active = null; // the doubtful word that the arrow keys are at
  }

  get text() {
    return this.pieces.map((piece) => piece.text).join("");
  }

  get doubts() {
    return this.box.querySelectorAll(".doubt");
  }

  // Show the next piece; the first of a text has number 0. It knows the text that it is of, in
  // `given`, and in `begin` where in it it begins.
  put(number, piece) {
    const old = this.pieces[number];
    const key = this.shown === "changes" ? `${givenOf(piece)}\n${piece.text}` : piece.same;
    if (old?.key === key && old.shown === this.shown) {
      this.pieces[number] = { ...old, ...piece };
      return;
    }
    const node = this.#node(piece, number);
    if (old) old.node.replaceWith(node);
    else this.box.append(node);
    this.pieces[number] = { ...piece, key, node, shown: this.shown };
    this.#reachable();
  }

  // Nothing comes behind so many pieces.
  end(count) {
    for (const piece of this.pieces.splice(count)) piece.node.remove();
    this.#reachable();
  }

  async show(what) {
    this.shown = what;
    for (let number = 0; number < this.pieces.length && this.shown === what; number += 1) {
      this.put(number, this.pieces[number]);
      await breath();
    }
  }

  // Move to the next doubtful word, or the one before; from the text itself to the first.
  go(step) {
    const doubts = [...this.doubts];
    const at = doubts.indexOf(document.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : doubts.length - 1) : at + step;
    this.focus(doubts[Math.min(Math.max(next, 0), doubts.length - 1)]);
  }

  focus(node) {
    this.active = node;
    this.#reachable();
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block: "nearest" });
  }

  // The decision about the word at a place in the page, its piece, and where it is to be seen.
  decisionAt(node) {
    const anchor = node.closest?.(".doubt");
    if (!anchor) return null;
    const piece = this.pieces[Number(anchor.dataset.piece)];
    return { anchor, piece, decision: piece.decisions[Number(anchor.dataset.decision)] };
  }

  // The same for a word that is not doubtful, from where it was clicked.
  wordAt(x, y) {
    const place = caret(x, y);
    const line = place?.node.parentElement?.closest("p[data-at]");
    if (!line) return null;
    const range = document.createRange();
    range.setStart(line, 0);
    range.setEnd(place.node, place.offset);
    const at = Number(line.dataset.at) + range.toString().length;
    range.collapse(false);
    const { left, top, bottom } = range.getBoundingClientRect();
    if (Math.abs(left - x) > bottom - top || y < top || y > bottom) return null; // beside the text
    const piece = this.pieces.find(({ node }) => node === line.parentElement);
    const unit = units(piece.text);
    const decision = piece.decisions.find(
      ({ output }) => unit(output[0]) <= at && at <= unit(output[1]),
    );
    return decision ? { anchor: range, piece, decision } : null;
  }

  #reachable() {
    if (!this.box.contains(this.active)) this.active = this.box.querySelector(".doubt");
    for (const doubt of this.box.querySelectorAll('.doubt[tabindex="0"]')) doubt.tabIndex = -1;
    if (this.active) this.active.tabIndex = 0;
  }

  #node(piece, number) {
    const node = document.createElement("div");
    node.className = "piece";
    const lines = piece.text.replace(/\n$/, "").split("\n");
    if (this.shown === "changes") {
      const given = givenOf(piece).replace(/\n$/, "").split("\n");
      node.append(...lines.map((line, k) => changed(given[k] ?? "", line)));
      return node;
    }
    const unit = units(piece.text);
    let next = 0;
    let at = 0;
    for (const line of lines) {
      const paragraph = document.createElement("p");
      paragraph.dataset.at = at;
      const end = at + line.length;
      let read = at;
      for (; next < piece.decisions.length; next += 1) {
        const decision = piece.decisions[next];
        const [begin, stop] = decision.output.map(unit);
        if (begin >= end) break;
        const chosen = decision.by === "choice";
        const sure = Math.min(decision.case_probability, decision.gap_probability);
        if (sure >= SURE && !chosen) continue;
        if (begin > read) paragraph.append(piece.text.slice(read, begin));
        paragraph.append(doubtful(piece.text.slice(begin, stop), sure, chosen, number, next));
        read = stop;
      }
      if (read < end) paragraph.append(piece.text.slice(read, end));
      node.append(paragraph);
      at = end + 1;
    }
    return node;
  }
}

// What a piece was before it was restored: as many lines.
function givenOf({ given, begin, text }) {
  if (!text.endsWith("\n")) return given.slice(begin);
  let end = begin;
  for (let k = text.split("\n").length - 1; k > 0; k -= 1) end = given.indexOf("\n", end) + 1;
  return given.slice(begin, end);
}

function doubtful(written, sure, chosen, piece, decision) {
  const word = document.createElement("span");
  word.className = chosen ? "doubt chosen" : "doubt";
  word.textContent = written;
  word.tabIndex = -1;
  word.setAttribute("role", "button");
  word.setAttribute("aria-haspopup", "dialog");
  const says = chosen ? "chosen" : `${Math.round(sure * 100)} % sure`;
  word.setAttribute("aria-label", `${written}, ${says}`);
  word.dataset.piece = piece;
  word.dataset.decision = decision;
  if (!chosen) word.style.setProperty("--strength", `${strength(sure)}%`);
  return word;
}

// Half sure is hardly known at all.
const strength = (sure) => Math.round(Math.min(12 + ((SURE - sure) / 0.45) * 58, 70));

const KINDS = { same: "span", up: "ins", put: "ins", gone: "del" };

function changed(given, restored) {
  const paragraph = document.createElement("p");
  for (const [kind, text] of changes(given, restored)) {
    if (kind === "same") {
      paragraph.append(text);
      continue;
    }
    const mark = document.createElement(KINDS[kind]);
    mark.textContent = kind === "gone" ? text.replace(/\s/g, "␣") : text;
    paragraph.append(mark);
  }
  return paragraph;
}

function caret(x, y) {
  if (document.caretPositionFromPoint) {
    const found = document.caretPositionFromPoint(x, y);
    return found && { node: found.offsetNode, offset: found.offset };
  }
  const range = document.caretRangeFromPoint?.(x, y);
  return range && { node: range.startContainer, offset: range.startOffset };
}
