// What every page does beyond its HTML. Nothing here is needed to work: it only makes it quicker.

const typing = (target) =>
  target.isContentEditable ||
  target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=button])");

// ----- Keys: `?` for help, `g` and a letter to go

// Single keys are in the way of speech input: who does not want them turns them off (WCAG 2.1.4).
function wireSwitch(help) {
  const root = document.documentElement;
  const box = help.querySelector("[data-single-keys]");
  box.checked = true;
  try {
    box.checked = localStorage.getItem("casebook-keys") !== "off";
  } catch {
    // A browser that keeps nothing has the keys on.
  }
  root.toggleAttribute("data-keys-off", !box.checked);
  box.closest("label").hidden = false;
  box.addEventListener("change", () => {
    root.toggleAttribute("data-keys-off", !box.checked);
    try {
      localStorage.setItem("casebook-keys", box.checked ? "on" : "off");
    } catch {
      // Then it holds for this page.
    }
  });
}

function wireKeys(help) {
  let going = 0;
  // Captured first: a single key that is turned off reaches no other listener of the page.
  document.addEventListener("keydown", (event) => {
    const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    const isOff = document.documentElement.hasAttribute("data-keys-off");
    if (isOff && plain && event.key !== " " && !typing(event.target)) event.stopImmediatePropagation();
  }, { capture: true });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "?") {
      event.preventDefault();
      return help.open ? help.close() : help.showModal();
    }
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "g") {
      going = Date.now();
      return;
    }
    const link = Date.now() - going < 1500 && document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    going = 0;
    if (!link) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    link.click();
  }, { capture: true });
}

// ----- The status line at the foot: `casebook:say` from any module

function wireToast(toast) {
  let timer;
  document.addEventListener("casebook:say", ({ detail: { text, kind = "ok" } }) => {
    clearTimeout(timer);
    toast.textContent = text;
    toast.dataset.kind = kind;
    if (kind !== "error") timer = setTimeout(() => delete toast.dataset.kind, 4000);
  });
  toast.addEventListener("click", () => delete toast.dataset.kind);
}

// ----- Menus close as people expect

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.cb-pop[open]")) {
    if (!menu.contains(except)) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("details.cb-pop[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// ----- Forms: filters apply themselves, and nothing is sent twice

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-auto]");
  if (form && !event.target.matches("[type=search], [type=text]")) form.requestSubmit();
});
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || event.target.method !== "post") return;
  const button = event.submitter;
  if (!button) return;
  if (button.getAttribute("aria-busy") === "true") event.preventDefault();
  else button.setAttribute("aria-busy", "true");
});

// ----- A page that is a while in coming says so; a download only looks like one

const main = document.getElementById("main");
const arrived = () => {
  main.removeAttribute("aria-busy");
  for (const button of document.querySelectorAll(".btn[aria-busy]")) button.removeAttribute("aria-busy");
};
addEventListener("beforeunload", () => {
  main.setAttribute("aria-busy", "true");
  setTimeout(arrived, 10000);
});
addEventListener("pageshow", arrived);

// ----- Copy; where the browser forbids it, the text is marked for the person to copy

async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    return "Copied";
  } catch {
    getSelection().selectAllChildren(source);
    return "Marked: copy it with Ctrl C";
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = await copy(document.getElementById(button.dataset.copy));
  document.dispatchEvent(new CustomEvent("casebook:say", { detail: { text } }));
});

// ----- What sticks below the head needs its height

const head = document.querySelector(".cb-head");
if (head) {
  new ResizeObserver(() => {
    document.documentElement.style.setProperty("--cb-head", `${head.offsetHeight}px`);
  }).observe(head);
}

const help = document.getElementById("keys");
if (help) {
  wireSwitch(help);
  wireKeys(help);
  for (const button of document.querySelectorAll("[data-keys]")) {
    button.addEventListener("click", () => help.showModal());
    button.hidden = false;
  }
}
wireToast(document.getElementById("say"));
