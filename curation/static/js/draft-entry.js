// An entry of the draft: rows that move, names that are offered, and the sheet as it is typed.

const say = (text, kind = "ok") =>
  document.dispatchEvent(new CustomEvent("casebook:say", { detail: { text, kind } }));
const author = document.querySelector("[data-author]");
const form = document.getElementById("entry");
const drawn = author.querySelector("[data-drawn]");
const dirty = document.querySelector("[data-dirty]");

// ----- What is not saved yet

let unsaved = author.hasAttribute("data-unsaved");
const touched = new Set();

function touch() {
  unsaved = true;
  dirty.hidden = false;
}
dirty.hidden = !unsaved;

addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
form.addEventListener("submit", () => (unsaved = false));
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-leave]")) unsaved = false;
});

// ----- Only what its type needs

function fit() {
  const kind = form.elements.type.value;
  for (const part of form.querySelectorAll("[data-kinds]")) {
    const own = part.querySelector(":scope > input, :scope > select");
    part.hidden = !part.dataset.kinds.split(" ").includes(kind) && !own?.value;
  }
  const fromStates = kind === "set" && form.elements.reference.value === "state";
  if (fromStates && !rows("c").length) document.getElementById("categories").hidden = true;
}

// ----- Categories and checks

const rows = (kind) => [...form.querySelectorAll(`[data-rows="${kind}"] > [data-row]`)];

function add(kind) {
  const blank = author.querySelector(`template[data-blank="${kind}"]`).content.cloneNode(true);
  const row = blank.querySelector("[data-row]");
  form.querySelector(`[data-rows="${kind}"]`).append(blank);
  fit();
  row.querySelector("input:not([type=hidden]), textarea").focus();
}

function copy(row) {
  const twin = row.cloneNode(true);
  const fields = [...row.querySelectorAll("input, textarea, select")];
  twin.querySelectorAll("input, textarea, select").forEach((field, at) => {
    field.value = ["c_was", "c_code"].includes(field.name) ? "" : fields[at].value;
  });
  row.after(twin);
  twin.querySelector("[name=c_code]").focus();
}

function shift(row, by) {
  const beside = by < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!beside) return;
  const focused = document.activeElement;
  beside[by < 0 ? "before" : "after"](row);
  focused?.focus();
  row.scrollIntoView({ block: "nearest" });
  say(`${row.querySelector("[name=c_label]")?.value || "The row"} is now ${rows(row.dataset.row).indexOf(row) + 1} of ${rows(row.dataset.row).length}`);
}

// A category leaves when the entry is saved; until then it can come back.
function drop(row, button) {
  if (row.dataset.row === "k" || !row.querySelector("[name=c_was]").value) {
    (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("input:not([type=hidden]), textarea")?.focus();
    return row.remove();
  }
  const gone = row.classList.toggle("is-gone");
  for (const field of row.querySelectorAll("input, textarea, select")) field.disabled = gone;
  button.title = gone ? "Bring back" : "Retire";
  button.setAttribute("aria-label", gone ? "Bring the category back" : "Retire the category");
  say(gone ? "It is retired when you save." : "It stays.");
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act], button[data-add]");
  if (!button) return;
  event.preventDefault();
  const row = button.closest("[data-row]");
  const acts = { up: () => shift(row, -1), down: () => shift(row, 1), copy: () => copy(row), drop: () => drop(row, button) };
  if (button.dataset.add) add(button.dataset.add);
  else acts[button.dataset.act]();
  changed();
});

form.addEventListener("keydown", (event) => {
  const row = event.target.closest("[data-row]");
  if (row && event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    event.preventDefault();
    shift(row, event.key === "ArrowUp" ? -1 : 1);
    changed();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

// ----- By drag

let dragged = null;
form.addEventListener("pointerdown", (event) => {
  const row = event.target.closest("[data-grip]")?.closest("[data-row]");
  if (row) row.draggable = true;
});
form.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-row][draggable=true]");
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "row");
  dragged.classList.add("is-dragged");
});
form.addEventListener("dragover", (event) => {
  const row = event.target.closest("[data-row]");
  if (!dragged || !row || row.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  if (row === dragged) return;
  const { top, height } = row.getBoundingClientRect();
  row[event.clientY < top + height / 2 ? "before" : "after"](dragged);
});
form.addEventListener("drop", (event) => dragged && event.preventDefault());
form.addEventListener("dragend", () => {
  dragged?.classList.remove("is-dragged");
  dragged?.removeAttribute("draggable");
  dragged = null;
  changed();
});

// ----- The sheet as it is typed, and what is wrong beside each field

let timer;
let running;

function changed() {
  touch();
  clearTimeout(timer);
  timer = setTimeout(draw, 350);
}

async function draw() {
  running?.abort();
  running = new AbortController();
  try {
    const answer = await fetch(author.dataset.preview, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-Requested-With": "fetch" },
      signal: running.signal,
    });
    if (!answer.ok) return;
    drawn.innerHTML = await answer.text();
    tell();
  } catch {
    // Offline, or typed on: the next one tells.
  }
}

// The field a fault stands beside: `name`, or the row `c2` of the categories.
function place(key) {
  const row = key.match(/^([ck])(\d+)$/);
  if (!row) return form.querySelector(`[data-fault="${CSS.escape(key)}"]`);
  const live = rows(row[1]).filter((one) => !one.matches(".is-gone") && filled(one));
  return live[Number(row[2])]?.querySelector("[data-fault]");
}

const filled = (row) => [...row.querySelectorAll("input:not([type=hidden]), textarea")].some((f) => f.value.trim());

function tell() {
  for (const slot of form.querySelectorAll("[data-fault]")) slot.replaceChildren();
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const fault of drawn.querySelectorAll("[data-faults] > li")) {
    const slot = place(fault.dataset.field);
    if (!slot || (author.hasAttribute("data-new") && !isTouched(slot))) continue;
    const line = document.createElement("p");
    line.className = "cb-error";
    line.append(...fault.cloneNode(true).childNodes);
    slot.append(line);
    slot.parentElement.querySelector("input:not([type=hidden]), textarea, select")?.setAttribute("aria-invalid", "true");
  }
}

const isTouched = (slot) =>
  [...slot.parentElement.querySelectorAll("input, textarea, select")].some((field) => touched.has(field));

// A level that goes with the type, until somebody chooses one.
const LEVELS = { ordinal: "ordinal", integer: "ratio", decimal: "ratio", date: "interval" };

form.addEventListener("input", (event) => {
  const { type, level } = form.elements;
  if (event.target === type && author.hasAttribute("data-new") && !touched.has(level)) {
    level.value = LEVELS[type.value] ?? "nominal";
  }
  touched.add(event.target);
  fit();
  offer(event.target);
  changed();
});

// ----- Names that may be read, offered as an expression is typed

const looped = [...document.querySelectorAll("#readable [data-looped]")].map((name) => name.textContent);
const readable = [...document.querySelectorAll("#readable [data-name]")].map((name) => name.textContent);

function word(field) {
  return field.value.slice(0, field.selectionStart).match(/[A-Za-z_][\w.]*$/)?.[0] ?? "";
}

// `s.tro` within a loop reads a row that has a name there only.
function offered(begun) {
  const known = readable.filter((name) => name.startsWith(begun) && name !== begun);
  const [row, part] = begun.split(".");
  if (known.length || part === undefined || readable.some((name) => name.startsWith(`${row}.`))) return known;
  return looped.filter((name) => name.startsWith(part) && name !== part).map((name) => `${row}.${name}`);
}

function offer(field) {
  if (!field.matches?.("[data-expression]")) return;
  field.parentElement.querySelector(".cb-offer")?.remove();
  const begun = word(field);
  const found = begun ? offered(begun) : [];
  if (!found.length) return;
  const box = document.createElement("div");
  box.className = "cb-offer";
  for (const name of found.slice(0, 8)) {
    const button = document.createElement("button");
    button.type = "button";
    button.tabIndex = -1;
    button.textContent = name;
    button.addEventListener("mousedown", (event) => {
      event.preventDefault();
      take(field, name);
    });
    box.append(button);
  }
  field.after(box);
}

function take(field, name) {
  const end = field.selectionStart;
  field.setRangeText(name, end - word(field).length, end, "end");
  field.parentElement.querySelector(".cb-offer")?.remove();
  changed();
}

form.addEventListener("keydown", (event) => {
  const box = event.target.matches("[data-expression]") && event.target.parentElement.querySelector(".cb-offer");
  if (!box) return;
  if (event.key === "Escape") box.remove();
  if (event.key !== "Tab" || event.shiftKey) return;
  event.preventDefault();
  take(event.target, box.firstElementChild.textContent);
});
form.addEventListener("focusout", (event) => {
  if (event.target.matches("[data-expression]")) event.target.parentElement.querySelector(".cb-offer")?.remove();
});

fit();
