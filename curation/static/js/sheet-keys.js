// The keys of the coder's sheet, and the rule beside the question that is being answered.
// It presses what is there to be pressed: saving is sheet.js.

const say = (text, kind) =>
  document.dispatchEvent(new CustomEvent("casebook:say", { detail: { text, kind } }));
const isTyped = (input) => input.matches("textarea, select, input:not([type=radio], [type=checkbox])");
const boxes = () => [...document.querySelectorAll(".cb-entry")];

// ---------------------------------------------------------------- the rule beside the question

let active = null;

function activate(box) {
  if (!box || active === box) return;
  active?.classList.remove("is-active");
  active = box;
  box.classList.add("is-active");
  showRule();
}

function showRule() {
  if (!active) return;
  for (const rule of document.querySelectorAll(".cb-rule > article")) {
    rule.hidden = rule.id !== `r-${active.dataset.name}`;
    if (rule.hidden) continue;
    const chosen = [...active.querySelectorAll('.cb-answer [name="text"]:checked')].map((i) => i.value);
    for (const line of rule.querySelectorAll("[data-code]")) {
      if (chosen.includes(line.dataset.code)) line.setAttribute("aria-current", "true");
      else line.removeAttribute("aria-current");
    }
  }
}

function goTo(box) {
  if (!box) return;
  box.focus({ preventScroll: true });
  box.scrollIntoView({ block: "nearest" });
  activate(box);
}

for (const kind of ["focusin", "pointerdown"]) {
  document.addEventListener(kind, (event) => activate(event.target.closest(".cb-entry")));
}
document.addEventListener("click", (event) => {
  const number = event.target.closest(".cb-num");
  if (!number) return;
  event.preventDefault();
  goTo(number.closest(".cb-entry"));
});

const inView = new IntersectionObserver(
  (seen) => {
    for (const { target, isIntersecting } of seen) target.toggleAttribute("data-seen", isIntersecting);
    const first = document.querySelector(".cb-entries > section[data-seen]");
    for (const link of document.querySelectorAll("[data-section]")) {
      if (first?.id === `s-${link.dataset.section}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  },
  { rootMargin: "-20% 0px -60% 0px" },
);
for (const section of document.querySelectorAll(".cb-entries > section")) inView.observe(section);

// ---------------------------------------------------------------- keys

let keys = "";
let keysTimer = 0;
let mode = "";

function step(by) {
  const all = boxes();
  const at = all.indexOf(active);
  goTo(all[Math.min(Math.max(at + by, 0), all.length - 1)] ?? all[0]);
}

function pick(input) {
  if (!input || input.disabled) return;
  input.focus({ preventScroll: true });
  input.click();
}

/** Codes are typed as they are: 1 at once, or after a pause where 10 and 11 exist as well. */
function typeCode(character) {
  clearTimeout(keysTimer);
  const choices = [...(active?.querySelectorAll("[data-key]") ?? [])];
  keys += character;
  const longer = choices.some((i) => i.dataset.key.startsWith(keys) && i.dataset.key !== keys);
  const choose = () => {
    pick(choices.find((i) => i.dataset.key === keys));
    keys = "";
  };
  if (longer) keysTimer = setTimeout(choose, 500);
  else choose();
}

function openMore(kind, name) {
  const more = active?.querySelector(`[data-more="${kind}"]`);
  if (!more) return;
  more.open = true;
  more.querySelector(`[name="${name}"]`)?.focus();
}

function askMissing() {
  const chips = [...(active?.querySelectorAll("[data-missing]") ?? [])];
  if (!chips.length) return;
  mode = "m";
  const words = chips.map((i) => `${i.dataset.missing} ${i.closest("label").textContent.trim()}`);
  say(`Missing: ${words.join(" · ")}`, "busy");
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  n: () => openMore("note", "note"),
  e: () => openMore("cites", "source"),
  m: askMissing,
  c: () => (mode = "c"),
  "/": () => document.getElementById("jump").showModal(),
};

const CHOSEN = {
  m: (key) => pick(active?.querySelector(`[data-missing="${CSS.escape(key)}"]`)),
  c: (key) => pick(active?.querySelector(`[name="certainty"][value="${key === "0" ? "" : CSS.escape(key)}"]`)),
};

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    return document.getElementById("submit")?.requestSubmit();
  }
  if (event.key === "Escape" && event.target.closest(".cb-entry")) {
    return event.target.closest(".cb-entry").focus({ preventScroll: true });
  }
  if (isTyped(event.target) || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const chosen = CHOSEN[mode];
  mode = "";
  if (chosen && /^\d$/.test(event.key)) chosen(event.key);
  else if (/^[\d-]$/.test(event.key)) typeCode(event.key);
  else if (event.key === "Enter" && event.target === active) enter();
  else if (KEYS[event.key]) KEYS[event.key]();
  else return;
  event.preventDefault();
});

function enter() {
  active.querySelector('.cb-answer :is([name="text"]:not([type=hidden]), [name="add"])')?.focus();
}

const jump = document.getElementById("jump");
jump.addEventListener("submit", () => {
  const input = jump.querySelector("input");
  const word = input.value.trim().toLowerCase();
  input.value = "";
  const names = boxes().map((box) => box.dataset.name);
  const options = [...jump.querySelectorAll("option")];
  const found =
    names.find((name) => name === word) ??
    names.find((name) => word && name.startsWith(word)) ??
    options.find((o) => word && o.textContent.toLowerCase().includes(word))?.value;
  if (found) setTimeout(() => goTo(document.getElementById(`f-${found}`)));
  else if (word) say(`No entry is called “${word}”.`, "error");
});

document.addEventListener("change", showRule);
document.addEventListener("casebook:drawn", showRule);
activate(
  document.getElementById(location.hash.slice(1))?.closest(".cb-entry") ??
    boxes().find((box) => !("saved" in box.dataset || "skipped" in box.dataset)) ??
    boxes()[0],
);
