// What changed in a line: letters' case, blanks that went, escapes that were undone.

const BLANK = /\s/;
// As many code units at once as an escape has at most, with what it stands for.
const ESCAPE = /^(?:&(?:amp|lt|gt|apos|quot|#91|#93|#124|bar|bra|ket);|-l[rcs]b-|-r[rcs]b-|``|''|@([-/.,])@)/i;

// Pieces of a line: [kind, text], kind one of same, up (other case), gone, put.
export function changes(given, restored) {
  const pieces = [];
  const add = (kind, text) => {
    const last = pieces.at(-1);
    if (last && last[0] === kind) last[1] += text;
    else pieces.push([kind, text]);
  };
  let i = 0;
  let j = 0;
  while (i < given.length || j < restored.length) {
    const [a, b] = [given[i], restored[j]];
    if (a === b) {
      add("same", a);
      i += 1;
      j += 1;
    } else if (a !== undefined && BLANK.test(a)) {
      add("gone", a);
      i += 1;
    } else if (a !== undefined && b !== undefined && a.toLowerCase() === b.toLowerCase()) {
      add("up", b);
      i += 1;
      j += 1;
    } else {
      const escape = ESCAPE.exec(given.slice(i, i + 8));
      if (escape && b !== undefined) {
        add("gone", escape[0]);
        add("put", b);
        i += escape[0].length;
        j += 1;
      } else if (b === "'" || b === "’") {
        add("put", b);
        j += 1;
      } else {
        return [["gone", given], ["put", restored]];
      }
    }
  }
  return pieces;
}
