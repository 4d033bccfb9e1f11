// The coder's sheet: every answer saves itself, and nothing that was typed is ever lost.
// What the server does not have yet lies in localStorage, by person, coding and entry.
// Without this module the sheet works by its Save buttons. Keys are in sheet-keys.js.

const sheet = document.querySelector(".cb-sheet");
const { user, coder, coding, url, signIn, work } = sheet.dataset;
const closed = "closed" in sheet.dataset;
const notice = document.getElementById("notice");
const prefix = `casebook:${user}:${coding}:`;
const tab = crypto.getRandomValues(new Uint32Array(2)).join("-");

const TYPING = 400; // a pause in typing, in ms, after which the text is sent
const HELD = Infinity; // until the input is left: half a name of a state can be another state
const LONGEST_WAIT = 30_000;
const TIMEOUT = 20_000;

const escaped = (text) => Object.assign(document.createElement("i"), { textContent: text }).innerHTML;
const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;
const say = (text, kind = "ok") =>
  document.dispatchEvent(new CustomEvent("casebook:say", { detail: { text, kind } }));
const isTyped = (input) => input.matches("textarea, input:not([type=radio], [type=checkbox], [type=hidden])");
const icons = document.querySelector("svg.icon use")?.getAttribute("href").split("#")[0];
const icon = (name) => `<svg class="icon" aria-hidden="true"><use href="${icons}#${name}"></use></svg>`;

// ---------------------------------------------------------------- what is typed and not saved

const storage = {
  get(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  },
  set(key, record) {
    try {
      localStorage.setItem(key, JSON.stringify(record));
    } catch {
      // A browser that keeps nothing: the text stays in its input, and leaving warns.
    }
  },
  remove(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      // As above.
    }
  },
  keys() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    } catch {
      return [];
    }
  },
};

/** A form of the sheet whose text must not get lost: an answer, or a citation being written. */
class Draft {
  constructor(box, form, key) {
    this.box = box;
    this.form = form;
    this.key = prefix + key;
    this.pending = false; // the server does not have it
    this.stopped = false; // and will not take it as it is: the coder has to do something
    this.doubt = null; // what was sent last without an answer: it may have arrived
    this.due = 0;
    this.tries = 0;
    this.clear = false;
    this.saved = this.read();
  }

  read() {
    const said = new FormData(this.form);
    said.delete("csrfmiddlewaretoken");
    said.delete("seen");
    if (this.clear) said.set("clear", "1");
    return new URLSearchParams(said).toString();
  }

  get seen() {
    return this.form.elements.seen?.value ?? "";
  }

  set seen(token) {
    if (this.form.elements.seen) this.form.elements.seen.value = token;
  }

  keep() {
    const { doubt, seen, due } = this;
    storage.set(this.key, { tab, body: this.read(), doubt, seen, held: due === HELD });
  }

  forget() {
    if ((storage.get(this.key)?.tab ?? tab) === tab) storage.remove(this.key);
  }

  /** Fill in what an earlier visit could not save. */
  restore() {
    const record = storage.get(this.key);
    if (!record) return false;
    if (record.body === this.read() && !record.doubt) {
      storage.remove(this.key);
      return false;
    }
    this.fill(new URLSearchParams(record.body));
    this.seen = record.seen;
    this.doubt = record.doubt;
    this.due = record.held ? HELD : 0;
    this.keep();
    return true;
  }

  fill(said) {
    this.clear = said.has("clear");
    this.instead = said.get("instead") ?? "";
    if (this.box.dataset.form === "states") {
      for (const code of said.getAll("text")) addState(this.box, code);
    }
    for (const input of this.form.elements) {
      if (!input.name) continue;
      if (input.type === "radio" || input.type === "checkbox") {
        input.checked = said.getAll(input.name).includes(input.value);
      } else if (isTyped(input)) {
        input.value = said.get(input.name) ?? "";
        if (input.value) input.closest("details")?.setAttribute("open", "");
      }
    }
  }
}

class Answer extends Draft {
  constructor(box) {
    super(box, box.querySelector("form.cb-answer"), box.dataset.name);
    this.typing = false; // in the middle of a word: what is wrong with it can wait
    this.instead = this.form.querySelector('[name="instead"]:checked')?.value ?? "";
    this.remember();
  }

  /** How the field looks when all is well. */
  remember() {
    const state = this.part("state");
    this.calm = [state.className, state.innerHTML, this.part("told").innerHTML];
    this.isFailed = "failed" in this.box.dataset;
  }

  part(name) {
    return this.box.querySelector(`[data-part="${name}"]`);
  }

  show(kind, html) {
    const state = this.part("state");
    const name = `cb-state is-${kind}`;
    if (state.className !== name) state.className = name;
    if (state.innerHTML !== html) state.innerHTML = html;
  }

  rest() {
    const state = this.part("state");
    [state.className, state.innerHTML, this.part("told").innerHTML] = this.calm;
    this.box.toggleAttribute("data-failed", this.isFailed);
    flag(this.box, false);
  }

  tell(text) {
    const told = this.part("told");
    told.querySelector("[data-ours]")?.remove();
    if (!text) return;
    const line = document.createElement("p");
    line.className = "cb-error";
    line.dataset.ours = "";
    line.setAttribute("role", "alert");
    line.textContent = text;
    told.append(line);
  }
}

class Cite extends Draft {
  constructor(box) {
    super(box, document.getElementById(`c-${box.dataset.name}`), `${box.dataset.name}/cite`);
  }

  show() {}

  tell(text) {
    const place = this.box.querySelector('[data-part="cite-errors"]');
    place.replaceChildren();
    if (!text) return;
    const line = document.createElement("p");
    line.className = "cb-error";
    line.setAttribute("role", "alert");
    line.textContent = text;
    place.append(line);
  }

  get isEmpty() {
    return !["source", "locator", "quote"].some((name) => this.form.elements[name].value.trim());
  }
}

const answers = new Map();
const cites = new Map();

function enrol(box) {
  if (!box.querySelector("form.cb-answer")) return;
  answers.set(box.dataset.name, new Answer(box));
  if (document.getElementById(`c-${box.dataset.name}`)) cites.set(box.dataset.name, new Cite(box));
}

const drafts = () => [...answers.values(), ...cites.values()];
const unsaved = () => drafts().filter((draft) => draft.pending);

/** Something was typed or chosen. */
function changed(answer, wait) {
  answer.stopped = false;
  answer.tell("");
  if (answer.read() === answer.saved && !answer.doubt) {
    answer.pending = false;
    answer.forget();
    answer.rest();
    return report();
  }
  answer.pending = true;
  answer.due = Date.now() + wait;
  answer.keep();
  if (isSignedOut || isDown) answer.show("failed", `${icon("cloud-off")}Not saved yet`);
  else answer.show("saving", wait === HELD ? "Not saved yet" : "Saving…");
  report();
  pump();
}

// ---------------------------------------------------------------- one request at a time

let busy = false;
let waking = 0;
let pausedUntil = 0;
let isDown = false;
let isSignedOut = false;
const settled = new EventTarget();

const csrf = () =>
  /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ??
  document.querySelector("[name=csrfmiddlewaretoken]")?.value;

function post(address, body) {
  return fetch(address, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
      "X-CSRFToken": csrf(),
      "X-Requested-With": "fetch",
    },
    body,
    redirect: "manual",
    keepalive: body.length < 50_000, // it goes on when the page is left
    signal: AbortSignal.timeout(TIMEOUT),
  });
}

/** Send what is due. Saves follow one another, so that what a rule says is never outdated. */
function pump() {
  clearTimeout(waking);
  if (busy || isSignedOut) return;
  const ready = drafts().filter((d) => d.pending && !d.stopped && d.due !== HELD && !waits(d));
  if (!ready.length) return;
  const at = (draft) => Math.max(draft.due, pausedUntil);
  const next = ready.reduce((a, b) => (at(b) < at(a) ? b : a));
  const wait = at(next) - Date.now();
  if (wait > 0) waking = setTimeout(pump, wait);
  else send(next);
}

/** A citation belongs to an answer: that one goes first. */
function waits(draft) {
  const answer = draft instanceof Cite && answers.get(draft.box.dataset.name);
  return answer && answer.pending && !answer.stopped;
}

async function send(draft) {
  busy = true;
  const body = draft.doubt ?? draft.read();
  draft.doubt = body;
  draft.keep();
  let response = null;
  let html = "";
  try {
    response = await post(draft.form.action, `${body}&seen=${encodeURIComponent(draft.seen)}`);
    html = await response.text();
  } catch {
    response = null;
  }
  busy = false;
  settle(draft, body, response, html);
  report();
  settled.dispatchEvent(new Event("one"));
  pump();
}

function settle(draft, body, response, html) {
  const status = response?.status ?? 0;
  if (status === 401 || status === 403) {
    draft.doubt = null;
    isSignedOut = true;
    draft.keep();
    draft.show("failed", `${icon("cloud-off")}Signed out`);
    return;
  }
  const isOurs = html.includes("data-field=");
  if (!status || status >= 500 || status === 408 || status === 429 || (response.ok && !isOurs)) {
    return tryLater(draft, status);
  }
  isDown = false;
  draft.doubt = null;
  draft.tries = 0;
  if (response.ok) return arrived(draft, body, html);
  if (draft.read() !== body) {
    draft.due = 0; // what was refused has been changed in the meantime
    return;
  }
  draft.stopped = true;
  draft.keep();
  if (status === 422 && draft.typing) return draft.show("open", "Not saved yet");
  draft.show("failed", `${icon("alert-circle")}Not saved`);
  if (isOurs) draw(html, draft, false);
  else draft.tell(REFUSALS[status] ?? `It was not saved (${status}). Your text is kept in this browser.`);
}

const REFUSALS = {
  404: "This sheet is no longer on your worklist. Your text is kept in this browser.",
  413: "This is longer than the server takes. Your text is kept in this browser.",
};

function arrived(draft, body, html) {
  draft.saved = body;
  const isLatest = draft.read() === body;
  if (isLatest) {
    draft.pending = false;
    draft.clear = false;
    if (draft instanceof Answer) draft.saved = draft.read();
    draft.forget();
  } else {
    draft.due = Math.min(draft.due, Date.now() + TYPING);
  }
  if (draft instanceof Cite && isLatest) empty(draft);
  draw(html, draft, true);
  if (!isLatest) {
    draft.show("saving", "Saving…");
    draft.keep();
  }
}

function empty(cite) {
  for (const name of ["source", "locator", "quote"]) cite.form.elements[name].value = "";
  cite.saved = cite.read();
}

function tryLater(draft, status) {
  draft.tries += 1;
  const wait = Math.min(LONGEST_WAIT, 1000 * 2 ** (draft.tries - 1));
  draft.due = Date.now() + wait;
  if (!status) {
    isDown = true;
    pausedUntil = draft.due;
  }
  draft.show("failed", `${icon("cloud-off")}Not saved yet`);
}

/** Try again now: the network, the server or the person may be back. */
function retry() {
  pausedUntil = 0;
  isSignedOut = false;
  for (const draft of unsaved()) if (draft.due !== HELD) draft.due = Math.min(draft.due, Date.now());
  pump();
}

/** Resolves when nothing is on its way any more, or when it has taken too long. */
function flush(longest = 4000) {
  const open = () => unsaved().filter((d) => !d.stopped);
  for (const draft of open()) draft.due = 0;
  pump();
  return new Promise((resolve) => {
    const check = () => {
      if (open().length && !isDown && !isSignedOut) return;
      settled.removeEventListener("one", check);
      clearTimeout(late);
      resolve();
    };
    const late = setTimeout(() => {
      settled.removeEventListener("one", check);
      resolve();
    }, longest);
    settled.addEventListener("one", check);
    check();
  });
}

// ---------------------------------------------------------------- what the server answers

/** Put the answer's parts into their fields. Inputs are never touched: the caret stays. */
function draw(html, sent, isSaved) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const piece of page.querySelectorAll("[data-field]")) {
    const box = document.getElementById(`f-${piece.dataset.field}`);
    const answer = answers.get(piece.dataset.field);
    const isSent = box === sent.box;
    if (!box || (!isSent && answer?.pending)) continue;
    const parts = isSaved ? null : sent instanceof Cite ? ["cite-errors"] : ["state", "told"];
    for (const part of piece.querySelectorAll("[data-part]")) {
      if (!parts || parts.includes(part.dataset.part)) swap(box, part);
    }
    if (sent instanceof Cite) continue;
    if (isSaved) mark(box, piece);
    box.toggleAttribute("data-failed", "failed" in piece.dataset);
    flag(box, !isSaved);
    if (isSent && isSaved) sent.seen = piece.dataset.token;
    if (isSaved) answer?.remember();
  }
  const rows = page.querySelector("[data-rows]");
  if (rows) document.getElementById("rows").replaceChildren(...rows.childNodes);
  const warnings = page.querySelector("[data-warnings]");
  if (warnings) document.getElementById("warnings").replaceChildren(...warnings.childNodes);
  localise(sheet);
  count();
  document.dispatchEvent(new Event("casebook:drawn"));
}

function swap(box, part) {
  const place = box.querySelector(`[data-part="${part.dataset.part}"]`);
  if (!place || place.isEqualNode(part)) return;
  const hadFocus = place.contains(document.activeElement) && place !== document.activeElement;
  place.className = part.className;
  place.innerHTML = part.innerHTML;
  if (hadFocus) box.focus({ preventScroll: true });
}

function mark(box, piece) {
  box.toggleAttribute("data-saved", "saved" in piece.dataset);
  const isSkipped = "skipped" in piece.dataset;
  box.toggleAttribute("data-skipped", isSkipped);
  box.classList.toggle("is-skipped", isSkipped);
  const form = box.querySelector("form.cb-answer");
  if (form) form.hidden = isSkipped && !box.contains(document.activeElement);
}

// A question that came not to apply while it was being answered goes when it is left.
document.addEventListener("focusout", (event) => {
  const form = event.target.closest(".cb-entry[data-skipped] form.cb-answer");
  if (form && !form.contains(event.relatedTarget)) form.hidden = true;
});

function flag(box, isInvalid) {
  for (const input of box.querySelectorAll('.cb-answer [name="text"], .cb-answer [name="add"]')) {
    if (!isTyped(input)) continue;
    if (isInvalid) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
}

/** Progress is what is to be seen on the page: answered among asked. */
function count() {
  let [done, asked] = [0, 0];
  const put = (link, has, of) => {
    const progress = link?.querySelector("[data-progress]");
    if (!progress) return;
    progress.textContent = `${has}/${of}`;
    link.classList.toggle("is-done", has === of);
  };
  for (const section of document.querySelectorAll(".cb-entries > section")) {
    const asks = section.querySelectorAll('.cb-entry:not([data-skipped], [data-form="computed"])');
    const has = [...asks].filter((box) => "saved" in box.dataset).length;
    done += has;
    asked += asks.length;
    put(document.querySelector(`[data-section="${section.id.slice(2)}"]`), has, asks.length);
  }
  put(document.querySelector('#rows [aria-current="page"]'), done, asked);
  const progress = document.getElementById("progress");
  if (!progress) return;
  Object.assign(progress.querySelector("progress"), { max: asked, value: done });
  progress.querySelector("[data-count]").textContent = `${done} of ${asked}`;
}

/** The head says how it stands with saving; a banner says what keeps it from being done. */
function report() {
  const net = document.querySelector("#progress [data-net]");
  if (!net) return;
  const waiting = unsaved();
  const isFailed = (d) => (d.stopped && !d.typing) || d.tries || isSignedOut || isDown;
  const failed = waiting.filter(isFailed).length;
  const isTyping = waiting.every((d) => d.stopped || d.due === HELD);
  const text = failed ? `${failed} not saved` : waiting.length ? (isTyping ? "typing…" : "saving…") : "saved";
  net.textContent = answers.size ? ` · ${text}` : "";
  net.classList.toggle("is-failed", failed > 0);
  if (isSignedOut && waiting.length) {
    warn(`<strong>You are not signed in as ${escaped(coder)} any more.</strong> What you type is
      kept in this browser and saved as soon as you are back.
      <a href="${signIn}?next=${encodeURIComponent(work)}" target="_blank" rel="noopener">Sign in,
      in a new tab</a>`);
  } else if ((isDown || waiting.some((d) => d.tries > 1)) && waiting.length) {
    warn(`<strong>The server does not answer.</strong> What you type is kept in this browser and
      saved as soon as it does. <button type="button" class="btn btn-sm" data-retry>Try now</button>`);
  } else {
    notice.hidden = true;
  }
}

function warn(html) {
  if (!notice.hidden && notice.dataset.html === html) return;
  notice.dataset.html = html;
  notice.querySelector("span").innerHTML = html;
  notice.hidden = false;
}

/** Times in the reader's own zone; another day by its date. */
function localise(root) {
  for (const time of root.querySelectorAll(".cb-entry time[datetime]")) {
    const at = new Date(time.dateTime);
    const isToday = at.toDateString() === new Date().toDateString();
    const shown = isToday
      ? at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })
      : at.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
    if (time.textContent !== shown) time.textContent = shown;
    time.title = at.toLocaleString("en-GB");
  }
}

// ---------------------------------------------------------------- inputs

/** A missing code and an answer exclude each other, and so do the codes that stand alone. */
function exclude(answer, input) {
  const { form, box } = answer;
  const instead = [...form.elements].filter((i) => i.name === "instead");
  const isAnswered = isTyped(input) ? input.value.trim() : input.checked;
  if (input.name === "instead" && input.checked && input.value) {
    for (const other of form.elements) {
      if (other.name === "text" && other.type === "checkbox") other.checked = false;
      if ((other.name === "text" && isTyped(other)) || other.name === "add") other.value = "";
    }
  } else if (["text", "add"].includes(input.name) && isAnswered) {
    for (const other of instead) other.checked = false;
  }
  const alone = box.querySelector("[data-alone]")?.dataset.alone.split(" ").filter(Boolean) ?? [];
  if (input.type !== "checkbox" || !input.checked || !alone.length) return;
  for (const other of form.querySelectorAll("[type=checkbox]")) {
    const clash = alone.includes(input.value) || alone.includes(other.value);
    if (other !== input && clash) other.checked = false;
  }
}

const names = new Map();
for (const option of document.querySelectorAll("#states option")) {
  const [, name, code] = /^(.*) \(([^()]*)\)$/.exec(option.value) ?? [];
  if (code) names.set(code, name);
}

function codeOf(text) {
  const word = text.trim();
  const code = /\(([^()]+)\)$/.exec(word)?.[1] ?? word;
  if (names.has(code)) return code;
  const same = [...names].filter(([, name]) => name.toLowerCase() === word.toLowerCase());
  return same.length === 1 ? same[0][0] : null;
}

function addState(box, code) {
  const choices = box.querySelector(".cb-states");
  const there = choices.querySelector(`input[value="${CSS.escape(code)}"]`);
  if (there) {
    there.checked = true;
    return;
  }
  const label = document.createElement("label");
  label.className = "cb-chip";
  label.innerHTML = '<input type="checkbox" name="text" checked><span></span><b></b>';
  label.children[0].value = code;
  label.children[1].textContent = names.get(code) ?? code;
  label.children[2].textContent = code;
  choices.insertBefore(label, choices.querySelector("[name=add]"));
}

/** Turn the states typed so far into chips; what is not in the list stays in the input. */
function takeStates(answer, input) {
  const rest = input.value.split(";").filter((word) => {
    const code = word.trim() && codeOf(word);
    if (code) addState(answer.box, code);
    return word.trim() && !code;
  });
  input.value = rest.join(";").trim();
}

document.addEventListener("input", (event) => {
  const cite = citeOf(event.target);
  if (cite) return cite.isEmpty ? cite.forget() : cite.keep();
  const answer = answerOf(event.target);
  if (!answer || !isTyped(event.target)) return;
  answer.clear = false;
  answer.typing = true;
  exclude(answer, event.target);
  if (!event.target.list) return changed(answer, TYPING);
  const isChosen = names.has(/\(([^()]+)\)$/.exec(event.target.value)?.[1]);
  if (isChosen && event.target.name === "add") takeStates(answer, event.target);
  changed(answer, isChosen ? 0 : HELD);
});

document.addEventListener("change", (event) => {
  const answer = answerOf(event.target);
  if (!answer) return;
  answer.clear = answer.typing = false;
  if (event.target.name === "add") takeStates(answer, event.target);
  exclude(answer, event.target);
  changed(answer, 0);
});

// A chip that is pressed again is let go.
document.addEventListener("click", (event) => {
  const input = event.target;
  if (!input.matches?.('input[name="instead"]')) return;
  const answer = answerOf(input);
  if (!answer) return;
  if (answer.instead === input.value && event.detail) {
    input.checked = false;
    answer.instead = "";
    changed(answer, 0);
  } else {
    answer.instead = input.value;
  }
});

const answerOf = (input) =>
  input.form?.matches(".cb-answer") ? answers.get(input.form.closest(".cb-entry").dataset.name) : null;
const citeOf = (input) =>
  input.form?.id.startsWith("c-") ? cites.get(input.form.id.slice(2)) : null;

document.addEventListener("submit", (event) => {
  const form = event.target;
  const submitter = event.submitter;
  const token = form.elements.csrfmiddlewaretoken;
  if (token) token.value = csrf(); // another one since the last sign-in, perhaps in another tab
  if (form.matches(".cb-answer")) {
    event.preventDefault();
    const answer = answers.get(form.closest(".cb-entry").dataset.name);
    answer.typing = false;
    if (submitter?.name === "clear") wipe(answer);
    const adding = form.elements.add;
    if (adding?.value) takeStates(answer, adding);
    changed(answer, 0);
  } else if (form.id.startsWith("c-") && cites.has(form.id.slice(2))) {
    event.preventDefault();
    if (submitter?.name === "remove") return removeCitation(form, submitter);
    const cite = cites.get(form.id.slice(2));
    Object.assign(cite, { pending: true, stopped: false, due: 0 });
    cite.tell("");
    cite.keep();
    report();
    pump();
  } else if (form.method === "post" && unsaved().length && !form.dataset.flushed) {
    event.preventDefault();
    flushThen(form, submitter);
  }
}, { capture: true });

function wipe(answer) {
  for (const input of answer.form.elements) {
    if (input.type === "checkbox" || input.type === "radio") {
      input.checked = input.name === "certainty" && !input.value;
    } else if (isTyped(input)) input.value = "";
  }
  answer.clear = true;
  answer.instead = "";
}

async function removeCitation(form, button) {
  button.setAttribute("aria-busy", "true");
  const said = new URLSearchParams({ coder: form.elements.coder.value, remove: button.value });
  try {
    const response = await post(form.action, said.toString());
    const html = await response.text();
    if (!response.ok || !html.includes("data-field=")) throw new Error(response.status);
    draw(html, cites.get(form.id.slice(2)), true);
  } catch {
    button.removeAttribute("aria-busy");
    say("The citation was not removed: the server did not take it.", "error");
  }
}

/** Other forms of the page wait until everything typed is saved. */
async function flushThen(form, submitter) {
  await flush();
  const left = unsaved();
  if (left.length) {
    say(`${plural(left.length, "answer")} not saved yet: look at them first.`, "error");
    return goTo(left[0].box);
  }
  form.dataset.flushed = "";
  form.requestSubmit(submitter);
  delete form.dataset.flushed;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-retry], [data-keep]");
  if (!button) return leaveBy(event);
  event.preventDefault();
  if ("retry" in button.dataset) return retry();
  const answer = answers.get(button.closest(".cb-entry").dataset.name);
  if (button.dataset.keep === "mine") {
    answer.seen = button.closest("[data-conflict]").dataset.conflict;
    changed(answer, 0);
  } else {
    takeStored(answer);
  }
});

/** A link of the page waits a moment for what is being saved. */
async function leaveBy(event) {
  const link = event.target.closest("a[href]");
  const plain = link && !link.target && !(event.ctrlKey || event.metaKey || event.shiftKey);
  if (!plain || link.origin !== location.origin || !unsaved().length) return;
  if (link.pathname === location.pathname && link.hash) return;
  event.preventDefault();
  await flush(2000);
  location.href = link.href;
}

function goTo(box) {
  box.focus({ preventScroll: true });
  box.scrollIntoView({ block: "nearest" });
}

/** Throw away what was typed here and show what another tab saved. */
async function takeStored(answer) {
  const name = answer.box.dataset.name;
  try {
    const response = await fetch(answer.form.action, { headers: { "X-Requested-With": "fetch" } });
    if (!response.ok) throw new Error(response.status);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const number = answer.box.querySelector(".cb-num").textContent;
    answer.pending = false;
    storage.remove(answer.key);
    answer.box.replaceWith(page.querySelector(".cb-entry"));
    const box = document.getElementById(`f-${name}`);
    box.querySelector(".cb-num").textContent = number;
    enrol(box);
    localise(box);
    count();
    report();
    goTo(box);
  } catch {
    say("The stored answer could not be read: try again.", "error");
  }
}

// ---------------------------------------------------------------- coming and going

function showKept(keys) {
  const place = document.getElementById("kept");
  if (!keys.length) return;
  place.innerHTML = `<div class="cb-alert is-warning" role="alert">${icon("alert-triangle")}<div>
    <strong>Text that was not saved.</strong> It was typed here and has no place on this sheet now.
    <ul></ul><button type="button" class="btn btn-sm">Discard it</button></div></div>`;
  for (const key of keys) {
    const said = new URLSearchParams(storage.get(key)?.body ?? "");
    const words = [...said].filter(([name, text]) => name !== "coder" && text).map(([, text]) => text);
    const line = document.createElement("li");
    line.textContent = `${key.slice(prefix.length)}: ${words.join(" · ")}`;
    place.querySelector("ul").append(line);
  }
  place.querySelector("button").addEventListener("click", () => {
    keys.forEach(storage.remove);
    place.hidden = true;
  });
  place.hidden = false;
}

function restore() {
  const restored = [...answers.values()].filter((answer) => answer.restore());
  for (const cite of cites.values()) cite.pending = cite.restore() && cite.doubt !== null;
  for (const answer of restored) changed(answer, answer.due);
  const places = new Set(drafts().map((draft) => draft.key));
  showKept(storage.keys().filter((key) => closed || !places.has(key)));
  if (restored.length) say(`${plural(restored.length, "answer")} from before restored.`, "busy");
}

addEventListener("beforeunload", (event) => {
  if (unsaved().length) event.preventDefault();
});
addEventListener("online", retry);
addEventListener("focus", retry);
addEventListener("pageshow", retry);
document.addEventListener("visibilitychange", retry);
setInterval(() => isSignedOut && unsaved().length && retry(), LONGEST_WAIT);

if (!closed) document.querySelectorAll(".cb-entry").forEach(enrol);
localise(sheet);
restore();
report();
document.getElementById("points")?.focus();
// What answers a form that was refused has the form's address: reloading must not send it again.
if (location.pathname !== url) history.replaceState(null, "", url + location.hash);
