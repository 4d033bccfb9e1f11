// Matching rows by keyboard or by hand: a row goes to a line, whoever was there takes its place.

const say = (text) =>
  document.dispatchEvent(new CustomEvent("casebook:say", { detail: { text, kind: "ok" } }));
const table = document.querySelector(".cb-match");
const rows = () => [...table.querySelectorAll("[data-row]")];
const select = (row) => row.querySelector("select");
const column = (row) => row.closest("td").cellIndex;
const line = (number) => table.querySelector(`[data-line="${number}"]`);

function move(row, number) {
  const to = line(number);
  if (!to || select(row).disabled) return;
  const from = row.closest("tr");
  const place = to.cells[column(row)];
  const other = place.querySelector("[data-row]");
  if (other && other !== row) {
    from.cells[column(row)].append(other);
    select(other).value = from.dataset.line;
  }
  place.append(row);
  select(row).value = number;
  row.focus();
  say(other && other !== row ? `Line ${number}; the other row is in line ${from.dataset.line}.` : `Line ${number}.`);
}

function step(by) {
  const all = rows();
  const at = all.indexOf(document.activeElement.closest("[data-row]"));
  all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]?.focus();
}

if (table) {
  let dragged;
  table.addEventListener("change", ({ target }) => move(target.closest("[data-row]"), target.value));
  table.addEventListener("dragstart", ({ target }) => {
    dragged = target.closest("[data-row]");
  });
  table.addEventListener("dragover", (event) => event.preventDefault());
  table.addEventListener("drop", (event) => {
    event.preventDefault();
    const to = event.target.closest("[data-line]");
    if (dragged && to) move(dragged, to.dataset.line);
  });
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (target.matches("input, select, textarea") || document.querySelector("dialog[open]")) return;
    if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
    else if (key === "r") document.querySelector("[name=reason]")?.focus();
    else if (/^[1-9]$/.test(key) && target.closest("[data-row]")) move(target.closest("[data-row]"), key);
    else return;
    event.preventDefault();
  });
}
