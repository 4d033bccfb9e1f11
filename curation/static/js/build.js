// Asks how far the work is until it has ended, and goes to what came of it.

const EVERY = 1000; // milliseconds
const section = document.getElementById("build");
const state = () => section.querySelector("[data-state]").dataset.state;
const underWay = () => ["queued", "running"].includes(state());

async function look() {
  try {
    const answer = await fetch(section.dataset.part, { headers: { "X-Requested-With": "fetch" } });
    // Signed out meanwhile, or gone: the whole page says so better.
    if (answer.redirected || !answer.ok) return location.reload();
    const text = await answer.text();
    // What has the focus stays in its place as long as it is there at all.
    if (text !== section.dataset.last) draw(text);
  } catch {
    // No connection: the next look may have one.
  }
  const next = section.querySelector("[data-go-to]");
  if (next) location.assign(next.dataset.goTo);
  else if (underWay()) setTimeout(look, EVERY);
}

function draw(text) {
  const held = section.contains(document.activeElement) && document.activeElement.tagName;
  section.innerHTML = text;
  section.dataset.last = text;
  if (held) section.querySelector(held.toLowerCase())?.focus();
}

if (underWay()) setTimeout(look, EVERY);
