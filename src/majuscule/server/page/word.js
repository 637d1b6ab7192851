// What a word could be instead: a small dialog beside it. Pointing at a word shows it, a click or
// Enter moves into it, Escape and going away close it.

const LATER = 250; // milliseconds, so that the way from the word to its dialog is not the end

const BY = {
  model: "decided by the model",
  memory: "as in the text before it",
  lexicon: "one of your names",
  choice: "chosen by you",
  input: "left as it stood",
};

const CASES = {
  lower: (word) => word.toLowerCase(),
  title: (word) => {
    const lower = word.toLowerCase();
    const first = [...lower].findIndex((char) => char !== char.toUpperCase());
    return [...lower].map((char, i) => (i === first ? char.toUpperCase() : char)).join("");
  },
  upper: (word) => word.toUpperCase(),
};

// A change of case may change no letter: ß has no capital of its own.
export const sameLetters = (a, b) => a.toLowerCase() === b.toLowerCase() && a.length === b.length;

export class Word {
  // choose({piece, decision}, {written, gap, everywhere} or null) is called for what is taken.
  constructor(box, choose) {
    this.box = box;
    this.choose = choose;
    this.part = (name) => box.querySelector(`#word-${name}`);
    this.found = null;
    this.pinned = false;
    box.addEventListener("pointerenter", () => clearTimeout(this.timer));
    box.addEventListener("pointerleave", () => this.leave());
    box.addEventListener("focusin", () => {
      this.pinned = true;
    });
    box.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !box.contains(event.relatedTarget)) this.close(false);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close(this.pinned);
    });
    document.addEventListener("pointerdown", (event) => {
      if (!box.contains(event.target) && event.target !== this.found?.anchor) this.close(false);
    });
    this.part("own").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#takeOwn();
    });
    this.part("undo").addEventListener("click", () => this.#take(null));
  }

  // Point at a word.
  hover(found) {
    clearTimeout(this.timer);
    if (this.pinned || this.found?.anchor === found.anchor) return;
    this.timer = setTimeout(() => this.#show(found, false), 120);
  }

  leave() {
    clearTimeout(this.timer);
    if (!this.pinned) this.timer = setTimeout(() => this.close(false), LATER);
  }

  // Open it to stay, and move into it.
  open(found) {
    clearTimeout(this.timer);
    this.from = document.activeElement;
    this.#show(found, true);
    this.part("forms").querySelector("button").focus();
  }

  close(back) {
    clearTimeout(this.timer);
    this.box.hidden = true;
    this.found = null;
    this.pinned = false;
    if (back) this.from?.focus();
  }

  // The text was scrolled.
  moved() {
    if (this.pinned) this.#place();
    else this.close(false);
  }

  #show(found, pinned) {
    const { decision } = found;
    this.found = found;
    this.pinned = pinned;
    const sure = Math.min(decision.case_probability, decision.gap_probability);
    const how = decision.by === "choice" ? "" : `${percent(sure)} sure, `;
    this.part("title").textContent = `“${decision.written}”: ${how}${BY[decision.by]}`;
    this.part("forms").replaceChildren(...this.#forms(decision));
    this.part("form").value = decision.written;
    this.part("wrong").textContent = "";
    this.part("everywhere").checked = false;
    this.part("undo").hidden = decision.by !== "choice";
    this.box.hidden = false;
    this.#place();
  }

  *#forms(decision) {
    const { written } = decision;
    const seen = new Set();
    for (const [name, cased] of Object.entries({ [decision.case]: (word) => word, ...CASES })) {
      const form = name === decision.case ? written : cased(written);
      if (seen.has(form) || !sameLetters(form, written)) continue;
      seen.add(form);
      let chance = "";
      if (decision.by !== "choice" && decision.case_probability < 1) {
        if (form === written) chance = percent(decision.case_probability);
        if (name === decision.runner_up) chance = percent(1 - decision.case_probability);
      }
      yield this.#button(form, chance, form === written, () => this.#take({ written: form }));
    }
    if (decision.gap_probability < 1 && ["space", "join"].includes(decision.gap)) {
      const joined = decision.gap === "join";
      const [says, gap] = joined ? ["blank before it", "space"] : ["no blank before it", "join"];
      const chance = percent(1 - decision.gap_probability);
      yield this.#button(says, chance, false, () => this.#take({ gap }));
    }
  }

  #button(says, chance, pressed, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = says;
    button.setAttribute("aria-pressed", pressed);
    if (chance) {
      const small = document.createElement("span");
      small.textContent = ` ${chance}`;
      button.append(small);
    }
    button.addEventListener("click", act);
    return button;
  }

  #takeOwn() {
    const written = this.part("form").value.trim();
    if (!sameLetters(written, this.found.decision.written)) {
      this.part("wrong").textContent =
        `expected the letters of “${this.found.decision.written}”, in other case: no letter may change`;
      this.#place();
      return;
    }
    this.#take({ written });
  }

  #take(choice) {
    const { found } = this;
    const everywhere = this.part("everywhere").checked;
    this.close(false);
    this.choose(found, choice && { ...choice, everywhere });
  }

  #place() {
    const at = this.found.anchor.getBoundingClientRect();
    if (!at.height) return; // the text was made anew
    const { width, height } = this.box.getBoundingClientRect();
    const left = Math.max(8, Math.min(at.left, innerWidth - width - 8));
    const below = at.bottom + 6 + height < innerHeight;
    this.box.style.left = `${left}px`;
    this.box.style.top = `${Math.max(8, below ? at.bottom + 6 : at.top - height - 6)}px`;
  }
}

function percent(chance) {
  return `${Math.round(chance * 100)} %`;
}
