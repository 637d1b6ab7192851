// The restored text: a piece of it for each the service sends, a paragraph a line. What is the
// same as before is left alone, so that a long text can be typed into.

import { characters, units } from "./api.js";
import { changes } from "./changes.js";

const SURE = 0.95;

export class View {
  constructor(box) {
    this.box = box;
    this.pieces = [];
    this.given = "";
    this.shown = "doubts"; // or changes
    this.active = null; // the doubtful word that the arrow keys are at
  }

  get text() {
    return this.pieces.map((piece) => piece.text).join("");
  }

  get doubts() {
    return this.box.querySelectorAll(".doubt");
  }

  // Show the next piece; the first of a text has number 0.
  put(number, piece) {
    const old = this.pieces[number];
    const key = `${this.shown} ${piece.line}${this.shown === "changes" ? this.#givenOf(piece) : ""}`;
    if (old?.key !== key) {
      const node = this.#node(piece, old);
      if (old) old.node.replaceWith(node);
      else this.box.append(node);
      this.pieces[number] = { ...piece, key, node };
    } else {
      this.pieces[number] = { ...old, ...piece };
    }
    this.#reachable();
  }

  // Nothing comes behind so many pieces.
  end(count) {
    for (const piece of this.pieces.splice(count)) piece.node.remove();
    this.#reachable();
  }

  again() {
    this.pieces.forEach((piece, number) => this.put(number, piece));
  }

  // Move to the next doubtful word, or the one before; from the text itself to the first.
  go(step) {
    const doubts = [...this.doubts];
    if (!doubts.length) return;
    const at = doubts.indexOf(document.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : doubts.length - 1) : at + step;
    this.focus(doubts[Math.min(Math.max(next, 0), doubts.length - 1)]);
  }

  focus(node) {
    this.active = node;
    this.#reachable();
    node.focus();
    node.scrollIntoView({ block: "nearest" });
  }

  // The decision about the word at a place in the page, and its piece.
  decisionAt(node) {
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    const doubt = element?.closest(".doubt");
    if (!doubt) return null;
    const piece = this.pieces[Number(doubt.dataset.piece)];
    return { doubt, piece, decision: piece.decisions[Number(doubt.dataset.decision)] };
  }

  // The same for a word that is not doubtful, from where it was clicked.
  wordAt(x, y) {
    const place = caret(x, y);
    const line = place?.node.parentElement?.closest("p");
    if (!line) return null;
    const number = [...this.box.children].indexOf(line.parentElement);
    const piece = this.pieces[number];
    const range = document.createRange();
    range.setStart(line, 0);
    range.setEnd(place.node, place.offset);
    const at = Number(line.dataset.at) + range.toString().length;
    const unit = units(piece.text);
    const found = piece.decisions.findIndex(
      ({ output }) => unit(output[0]) <= at && at <= unit(output[1]),
    );
    return found < 0 ? null : { piece, decision: piece.decisions[found], x, y };
  }

  #reachable() {
    if (!this.box.contains(this.active)) this.active = this.box.querySelector(".doubt");
    for (const doubt of this.box.querySelectorAll('.doubt[tabindex="0"]')) doubt.tabIndex = -1;
    if (this.active) this.active.tabIndex = 0;
  }

  #givenOf(piece) {
    const unit = units(this.given);
    const lines = piece.text.split("\n").length - 1;
    const begin = unit(piece.input_at);
    let end = begin;
    for (let k = 0; k < lines; k += 1) end = this.given.indexOf("\n", end) + 1;
    return piece.text.endsWith("\n") ? this.given.slice(begin, end) : this.given.slice(begin);
  }

  #node(piece, old) {
    const number = this.pieces.includes(old) ? this.pieces.indexOf(old) : this.pieces.length;
    const node = document.createElement("div");
    node.className = "piece";
    const lines = piece.text.replace(/\n$/, "").split("\n");
    if (this.shown === "changes") {
      const given = this.#givenOf(piece).replace(/\n$/, "").split("\n");
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
  if (!chosen) word.style.setProperty("--strength", `${Math.round(12 + ((SURE - sure) / 0.45) * 58)}%`);
  return word;
}

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

export { characters };
