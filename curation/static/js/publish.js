// What would follow is worked out again whenever a ruling changes. What was typed stays.

const form = document.getElementById("publish");
const typed = (input) => input.matches("textarea, input:not([type=radio], [type=hidden])");
let asked = 0;

async function show() {
  const turn = ++asked;
  const live = form.querySelector("[data-live]");
  live.setAttribute("aria-busy", "true");
  const body = new FormData(form);
  body.set("act", "show");
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (turn === asked) take(live, page.querySelector("[data-live]"));
  } catch {
    const detail = { text: "The consequences could not be worked out. Try again.", kind: "error" };
    document.dispatchEvent(new CustomEvent("casebook:say", { detail }));
  } finally {
    form.querySelector("[data-live]").removeAttribute("aria-busy");
  }
}

function take(live, fresh) {
  if (!fresh) return;
  const focused = document.activeElement?.id;
  const opened = [...live.querySelectorAll("details[open]")].map(place);
  const words = [...live.querySelectorAll("[id]")].filter(typed).map((each) => [each.id, each.value]);
  live.replaceWith(fresh);
  for (const details of fresh.querySelectorAll("details")) {
    if (opened.includes(place(details))) details.open = true;
  }
  for (const [id, value] of words) {
    const input = document.getElementById(id);
    if (input) input.value = value;
  }
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

// A part that folds is known by the change it belongs to.
const place = (details) => `${details.closest("section")?.id} ${details.id}`;

form.addEventListener("change", (event) => {
  if (event.target.closest("[data-live]") && !typed(event.target)) show();
});
form.addEventListener("keydown", (event) => {
  // Enter in a line of text must not publish.
  if (event.key === "Enter" && event.target.matches("input:not([type=radio])")) {
    event.preventDefault();
    show();
  }
});
