// The outline of a draft: entries move by keyboard and by drag. Without this the buttons do it.

const say = (text, kind = "ok") =>
  document.dispatchEvent(new CustomEvent("casebook:say", { detail: { text, kind } }));
const typing = (target) =>
  target.isContentEditable ||
  target.matches("textarea, select, input:not([type=radio], [type=checkbox])");

const outline = document.querySelector("[data-outline]");
const lines = () => [...document.querySelectorAll(".cb-line")];
const link = (line) => line?.querySelector(".cb-line-link");
const here = () => document.activeElement.closest(".cb-line");

// ----- Each move is saved by itself, one after the other; the answer is the next stamp

let last = Promise.resolve();

function send(parts) {
  last = last.then(() => post(parts)).catch((error) => fail(error));
  return last;
}

async function post(parts) {
  const body = new FormData(outline);
  for (const [name, text] of Object.entries(parts)) body.set(name, text);
  const answer = await fetch(outline.action, {
    method: "POST",
    body,
    headers: { "X-Requested-With": "fetch" },
    redirect: "error",
  });
  if (!answer.ok) throw new Error(answer.status);
  const stamp = await answer.text();
  for (const input of document.querySelectorAll("[name=stamp][data-stamp], [data-outline] [name=stamp]")) {
    input.value = stamp;
  }
  say("Saved");
}

function fail(error) {
  say(
    error.message === "409"
      ? "Somebody changed the outline: here it is as it stands. Move it again."
      : "That could not be saved. The outline is loaded again.",
    "error",
  );
  setTimeout(() => location.reload(), 2000);
}

// ----- By keyboard

function step(by) {
  const all = lines();
  const at = all.indexOf(here());
  link(all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)])?.focus();
}

function shift(line, by) {
  const list = line.parentElement;
  const beside = by < 0 ? line.previousElementSibling : line.nextElementSibling;
  if (beside) beside[by < 0 ? "before" : "after"](line);
  else {
    const unit = [...document.querySelectorAll(`.cb-lines[data-unit="${CSS.escape(list.dataset.unit)}"]`)];
    const next = unit[unit.indexOf(list) + by];
    if (!next) return say("It stands at the edge of its unit.");
    next[by < 0 ? "append" : "prepend"](line);
  }
  const focused = document.activeElement;
  (line.contains(focused) ? focused : link(line)).focus();
  line.scrollIntoView({ block: "nearest" });
  say(`${line.dataset.entry}: ${lines().filter((l) => l.parentElement === line.parentElement).indexOf(line) + 1} in ${line.parentElement.dataset.section || "its unit"}`);
  send({ [by < 0 ? "up" : "down"]: line.dataset.entry });
}

document.addEventListener("keydown", (event) => {
  const line = event.target.closest?.(".cb-line");
  if (line && event.altKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    event.preventDefault();
    shift(line, event.key === "ArrowUp" ? -1 : 1);
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const keys = { j: () => step(1), k: () => step(-1), a: add };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

function add() {
  const line = here();
  const to = document.querySelector(".cb-outline header a");
  if (!line) return to && location.assign(to.href);
  const address = new URL(to.href);
  const { unit, section } = line.parentElement.dataset;
  address.search = new URLSearchParams({ unit, section, after: line.dataset.entry });
  location.assign(address);
}

// The buttons keep the focus where it is.
outline?.addEventListener("submit", (event) => {
  const { name, value } = event.submitter ?? {};
  if (name !== "up" && name !== "down") return;
  event.preventDefault();
  shift(document.getElementById(`e-${value}`), name === "up" ? -1 : 1);
});

// ----- By drag, within a unit

let dragged = null;
const clear = () => {
  for (const line of document.querySelectorAll(".is-before, .is-after")) line.classList.remove("is-before", "is-after");
};

document.addEventListener("pointerdown", (event) => {
  const line = event.target.closest("[data-grip]")?.closest(".cb-line");
  if (line) line.draggable = true;
});
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".cb-line[draggable=true]");
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.entry);
  dragged.classList.add("is-dragged");
});
document.addEventListener("dragend", () => {
  dragged?.classList.remove("is-dragged");
  dragged?.removeAttribute("draggable");
  dragged = null;
  clear();
});

function target(event) {
  const list = event.target.closest(".cb-lines");
  if (!dragged || list?.dataset.unit !== dragged.parentElement.dataset.unit) return null;
  const line = event.target.closest(".cb-line");
  if (!line) return { list };
  const { top, height } = line.getBoundingClientRect();
  return { list, line, before: event.clientY < top + height / 2 };
}

document.addEventListener("dragover", (event) => {
  const to = target(event);
  clear();
  if (!to) return;
  event.preventDefault();
  to.line?.classList.add(to.before ? "is-before" : "is-after");
});
document.addEventListener("drop", (event) => {
  const to = target(event);
  if (!to) return;
  event.preventDefault();
  const line = dragged;
  if (to.line === line) return;
  if (to.line) to.line[to.before ? "before" : "after"](line);
  else to.list.append(line);
  const parts = { place: line.dataset.entry, section: to.list.dataset.section };
  if (to.line) parts[to.before ? "before" : "after"] = to.line.dataset.entry;
  send(parts);
});
