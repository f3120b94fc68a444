// Tables of the class `emolib-sortable`: a click on a column's name sorts by it, a word filters.
// On a phone each row of a table of many columns becomes a list, whose cells are named here.
// Without JavaScript the tables stay as they are written.

const number = new Intl.Collator(undefined, { numeric: true });
const text = (row, column) => row.cells[column]?.textContent.trim() ?? "";

/** Compare cells: numbers by size, words by the alphabet, and "-" (nothing) always last. */
function compare(one, other, direction) {
  const missing = (one === "-") - (other === "-");
  if (missing) return missing;
  const [a, b] = [one, other].map(Number.parseFloat);
  if (Number.isNaN(a) || Number.isNaN(b)) return direction * number.compare(one, other);
  return direction * (a - b || number.compare(one, other));
}

function sortable(table) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const order = (a, b) => compare(text(a, column), text(b, column), up ? 1 : -1);
      body.append(...[...body.rows].sort(order));
    });
  });
}

function filterable(table) {
  const rows = [...table.tBodies[0].rows];
  const label = document.createElement("label");
  const input = document.createElement("input");
  const count = document.createElement("output");
  label.className = "emolib-filter";
  input.type = "search";
  label.append("Show rows that contain ", input, " ", count);
  table.before(label);
  const apply = () => {
    const word = input.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(word);
    count.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  };
  input.addEventListener("input", apply);
  apply();
}

/** Name each cell of a table of many columns by its column, for screens where rows become lists. */
function labelled(table) {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  const many = heads.length > 3 || table.classList.contains("emolib-wide");
  if (!many || table.querySelector("[colspan], [rowspan]")) return;
  const names = heads.map((head) => head.textContent.trim());
  table.classList.add("emolib-cards");
  for (const row of table.tBodies[0].rows)
    [...row.cells].forEach((cell, i) => { if (names[i]) cell.dataset.label = names[i]; });
}

document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll(".bd-article table")) {
    labelled(table);
    table.classList.toggle("emolib-dense", table.offsetWidth > table.parentElement.clientWidth + 1);
  }
  for (const table of document.querySelectorAll("table.emolib-sortable")) {
    sortable(table);
    filterable(table);
  }
});
