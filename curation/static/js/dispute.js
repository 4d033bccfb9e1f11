// The queue and the side-by-side page by keyboard, and rulings that are saved without a new page.

const say = (text, kind = "ok") =>
  document.dispatchEvent(new CustomEvent("casebook:say", { detail: { text, kind } }));
const typing = (target) =>
  target.isContentEditable ||
  target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
const go = (link) => (link ? location.assign(link.href) : say("There is no further case."));

// ----- The queue: from row to row

function wireQueue(queue) {
  const links = [...queue.querySelectorAll(".cb-row-link")];
  const step = (by) => {
    const at = links.indexOf(document.activeElement);
    links[at < 0 ? 0 : Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
  };
  const keys = { j: () => step(1), k: () => step(-1), s: () => go(document.getElementById("start")) };
  listen((key) => keys[key]);
}

// ----- The desk: cells, one of them active

const cells = () => [...document.querySelectorAll(".cb-cell")];
const active = () => document.querySelector(".cb-cell.is-active");
const form = (cell) => cell?.querySelector("form[data-ruling]");
const button = (cell, act) => cell?.querySelector(`button[name=act][value=${act}]`);
const open = (cell) => {
  const details = cell?.querySelector("details");
  if (details) details.open = true;
  return cell;
};

function activate(cell) {
  if (!cell) return;
  for (const other of cells()) {
    other.classList.toggle("is-active", other === cell);
    const main = other === cell && other.dataset.group === "open";
    button(other, "settle")?.classList.toggle("btn-primary", main);
  }
  const rules = [...document.querySelectorAll("[data-rule]")];
  const own = rules.find((rule) => rule.dataset.rule === cell.dataset.cell);
  for (const rule of rules) rule.hidden = rule !== (own ?? rules[0]);
}

function focus(cell) {
  if (!cell) return;
  activate(cell);
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = cells();
  focus(all[Math.min(Math.max(all.indexOf(active()) + by, 0), all.length - 1)]);
}

function take(cell, number) {
  const radios = form(open(cell))?.querySelectorAll("[name=take]:not([value=''])") ?? [];
  const radio = radios[number - 1];
  if (!radio) return;
  radio.checked = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
}

function own(cell) {
  const to = form(open(cell));
  if (!to) return;
  to.querySelector("[name=take][value='']").checked = true;
  to.querySelector("select[name=text], textarea[name=text], .cb-own [name=text], [type=checkbox]")?.focus();
}

function talk(cell) {
  const thread = open(cell)?.querySelector("[data-talk]");
  if (!thread) return;
  thread.open = true;
  thread.querySelector(".cb-thread-say textarea")?.focus();
}

const deskKeys = {
  j: () => step(1),
  k: () => step(-1),
  0: () => own(active()),
  r: () => form(open(active()))?.elements.cause?.focus(),
  u: () => button(open(active()), "leave")?.click(),
  v: () => button(active(), "verify")?.click(),
  t: () => talk(active()),
  x: () => active()?.querySelector("summary")?.click(),
  "[": () => go(document.querySelector("[rel=prev]")),
  "]": () => go(document.querySelector("[rel=next]")),
};

function wireDesk(desk) {
  const named = document.getElementById(location.hash.slice(1));
  const first = named?.closest(".cb-cell");
  const start = first || document.querySelector(".cb-cell:has([aria-invalid=true], .cb-alert)");
  const thread = named?.closest("[data-talk]");
  if (thread) thread.open = true;
  focus(open(start || document.querySelector(".cb-cell[data-group=open]") || cells()[0]));
  document.querySelector(".cb-rule [data-rule]") ?? document.getElementById("rules").remove();

  desk.addEventListener("focusin", (event) => activate(event.target.closest(".cb-cell")));
  desk.addEventListener("click", (event) => activate(event.target.closest(".cb-cell")));
  desk.addEventListener("keydown", inField);
  desk.addEventListener("change", follow);
  desk.addEventListener("input", follow);
  desk.addEventListener("submit", submit);
  listen((key) => deskKeys[key] ?? (/^[1-9]$/.test(key) && (() => take(active(), Number(key)))));
  addEventListener("beforeunload", (event) => {
    if (cells().some(isWritten)) event.preventDefault();
  });
}

// Enter in the cause goes on to the reason; Escape leaves a field.
function inField(event) {
  const { target, key } = event;
  if (key === "Escape" && typing(target)) target.closest(".cb-cell")?.focus();
  else if (key === "Enter" && target.name === "cause") target.form.elements.reason.focus();
  else if (key === "Enter" && target.matches("input:not([name=reason], [name=departs])")) (target.form.elements.cause ?? button(target.closest(".cb-cell"), "first"))?.focus();
  else return;
  event.preventDefault();
}

// What is written or ticked is another answer; what is taken unsays it.
function follow({ target }) {
  const to = target.closest("form[data-ruling]");
  if (!to) return;
  if (["text", "add", "instead"].includes(target.name)) {
    to.querySelector("[name=take][value='']").checked = true;
    if (target.name === "instead" && target.value) tick(to, []);
    else if (target.type === "checkbox" && to.elements.instead) to.elements.instead.value = "";
  } else if (target.name === "take" && target.value !== "") {
    const written = to.querySelector(".cb-own [name=text]");
    if (written) written.value = "";
    if (to.elements.instead) to.elements.instead.value = "";
    tick(to, target.value.split(";"));
  }
}

function tick(to, members) {
  for (const box of to.querySelectorAll("[type=checkbox][name=text]")) box.checked = members.includes(box.value);
}

const isWritten = (cell) => Boolean(form(cell)?.elements.reason?.value.trim());

// ----- A ruling is posted; the answer is the cell as it now stands

async function submit(event) {
  const to = event.target.closest("form[data-ruling], form[data-verify]");
  if (!to) return;
  event.preventDefault();
  const cell = to.closest(".cb-cell");
  if (cell.getAttribute("aria-busy") === "true") return;
  cell.setAttribute("aria-busy", "true");
  try {
    await post(to, event.submitter, cell);
  } catch {
    say("Not saved: the server cannot be reached. What you wrote is still here; try again.", "error");
  }
  cell.removeAttribute("aria-busy");
}

async function post(to, submitter, cell) {
  const body = new FormData(to, submitter);
  body.delete("csrfmiddlewaretoken"); // signing in again, in another tab, has made a new one
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
  const response = await fetch(to.action, {
    method: "POST",
    body,
    headers: { "X-Requested-With": "fetch", "X-CSRFToken": token },
  });
  if (![200, 409, 422].includes(response.status)) {
    const why = [401, 403].includes(response.status)
      ? "You are signed out, or somebody else is signed in: sign in in another tab, then try again."
      : "The server does not take it; try again.";
    return say(`Not saved. ${why} What you wrote is still here.`, "error");
  }
  const id = cell.id;
  place(await response.text());
  const fresh = document.getElementById(id);
  if (response.ok && submitter?.value === "first") {
    say("Kept. What the coders said is shown.");
    return focus(open(fresh));
  }
  if (response.ok) return goOn(fresh);
  activate(fresh);
  (fresh.querySelector("[aria-invalid=true]") ?? fresh).focus();
  const wrong = [...fresh.querySelectorAll("[role=alert]")].map((alert) => alert.textContent.trim());
  say(`Not saved. ${wrong.join(" ")}`, "error");
}

// Each piece of the answer replaces the piece of the page that has its id.
function place(html) {
  const pieces = new DOMParser().parseFromString(html, "text/html").body.children;
  for (const piece of [...pieces]) document.getElementById(piece.id)?.replaceWith(piece);
  const open = document.getElementById("place").dataset.open;
  const badge = document.querySelector("[data-go=d] .cb-count");
  if (open && badge) badge.firstChild.textContent = open;
}

// From what was settled to the next open cell, from what was looked at to the one below.
function goOn(fresh) {
  const all = cells();
  const at = all.indexOf(fresh);
  if (fresh.dataset.group !== "settled") {
    say(`${fresh.dataset.said}.`);
    return focus(all[at + 1] ?? fresh);
  }
  const isOpen = (cell) => cell.dataset.group === "open";
  const left = Number(document.getElementById("counts").dataset.open);
  say(`${fresh.dataset.said}. ${left ? `${left} open here.` : "Nothing is open here any more."}`);
  focus(open(all.slice(at + 1).find(isOpen) ?? all.find(isOpen)) ?? all[at + 1] ?? fresh);
  if (!left) document.querySelector("[rel=next]")?.focus();
}

// ----- Keys, unless something is typed or a dialog is open

function listen(act) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const found = act(event.key);
    if (!found) return;
    event.preventDefault();
    found();
  });
}

const queue = document.getElementById("queue");
const desk = document.getElementById("desk");
if (queue) wireQueue(queue);
if (desk) wireDesk(desk);
