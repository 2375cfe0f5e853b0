// The page's script. The server says what there is to see, in HTML that it has
// escaped; this puts it where it belongs, says it aloud once, and sends what
// people type and press. It has no library and needs no build.

const body = document.body;
const sentences = JSON.parse(body.dataset.sentences);
const say = (key, ...args) => sentences[key].replace(/\{(\d)\}/g, (_, n) => args[n] ?? "");
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// ---- asking the server

const newID = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error(say("error.network"));
  }
  if (!answer.ok) {
    const problem = await answer.json().catch(() => ({}));
    throw new Error(problem.error ?? say("error.network"));
  }
  return answer;
}

async function post(path, value = {}) {
  const headers = { "Content-Type": "application/json" };
  const answer = await ask(path, { method: "POST", headers, body: JSON.stringify(value) });
  return answer.json();
}

// ---- telling people

const announcer = one("#announcer");

// announce has a sentence read aloud. Each is an element of its own, so that
// none is read twice; they go once they must have been read.
function announce(sentence) {
  const p = document.createElement("p");
  p.textContent = sentence;
  announcer.append(p);
  setTimeout(() => p.remove(), 20000);
}

// complain shows what went wrong, and has it read aloud at once. It stays until
// somebody puts it away, or what they try next works.
function complain(sentence) {
  const toasts = one(".toasts");
  for (const old of all(".toast", toasts)) if (one("p", old).textContent === sentence) old.remove();
  const toast = document.createElement("div");
  toast.className = "toast";
  const p = document.createElement("p");
  p.textContent = sentence;
  const away = document.createElement("button");
  away.type = "button";
  away.dataset.dismiss = "";
  away.setAttribute("aria-label", say("dismiss"));
  toast.append(p, away);
  toasts.append(toast);
}

const calm = () => one(".toasts").replaceChildren();

// A page that is not looked at says in its title how much is new.
const title = document.title;
let unseen = 0;

function noticed() {
  if (document.hidden) document.title = `(${++unseen}) ${title}`;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unseen = 0;
  document.title = title;
});

// ---- times in the reader's own zone

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const clockWithSeconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

function localise(root) {
  for (const t of all("time", root)) {
    const at = new Date(t.dateTime);
    const today = at.toDateString() === new Date().toDateString();
    const format = "clock" in t.dataset ? clockWithSeconds : today ? clock : dayAndClock;
    t.textContent = format.format(at);
    t.title = whole.format(at);
  }
}

// ---- the views of a phone, and the two of the admins

const unread = new Map();

function count(badge, n) {
  const element = one(`[data-badge="${badge}"]`);
  if (!element) return;
  unread.set(badge, n);
  element.hidden = n === 0;
  element.textContent = say("unread", n);
}

function show(view) {
  body.dataset.view = view;
  if (view === "behind") one(".behind details").open = true;
  for (const b of all("[data-show]")) b.setAttribute("aria-current", String(b.dataset.show === view));
  if (unread.get(view)) all(`.view[data-view="${view}"] .log:not([hidden])`).forEach(revealLast);
  count(view, 0);
}

function showPlace(place) {
  for (const b of all(".switch button")) b.setAttribute("aria-pressed", String(b.dataset.place === place));
  for (const log of all('.log[data-seat="admin"]')) log.hidden = log.dataset.place !== place;
  const composer = one('.composer[data-seat="admin"]');
  composer.dataset.place = place;
  const label = one("label", composer);
  label.textContent = label.dataset[place];
  const badge = place === "admins" ? "channel" : "direct";
  if (unread.get(badge)) revealLast(logOf("admin", place));
  count(badge, 0);
  all(".admins .log").forEach(hint);
}

const visible = (element) => element.checkVisibility();

function badge(update, log) {
  if (update.mine || visible(log)) return;
  if (update.seat === "admin") {
    const which = update.place === "admins" ? "channel" : "direct";
    if (log.hidden) count(which, (unread.get(which) ?? 0) + 1);
  }
  const view = update.seat === "admin" ? "admins" : "employee";
  if (!visible(one(`.view[data-view="${view}"]`))) count(view, (unread.get(view) ?? 0) + 1);
}

// ---- what is said

const logOf = (seat, place) => one(`.log[data-seat="${seat}"][data-place="${place}"]`);

function parse(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html; // escaped by the server, and the policy runs nothing that is not
  localise(holder.content);
  return holder.content;
}

const orderOf = (element) => Number(element.dataset.order);

// insert puts an element where its order says, for what is said first may come last.
function insert(parent, element) {
  const before = [...parent.children].reverse().find((x) => orderOf(x) <= orderOf(element));
  if (before) before.after(element);
  else parent.prepend(element);
}

function topicFor(log, article) {
  const topic = document.createElement("div");
  topic.className = "topic";
  topic.dataset.topic = article.dataset.ref;
  topic.dataset.order = article.dataset.order;
  const hang = one("#hang").content.firstElementChild.cloneNode(true);
  if (log.dataset.place !== "admins") one(".reply", hang).remove();
  topic.append(article, hang);
  nameReply(topic);
  return topic;
}

// countReplies says how many replies there are, where they can be folded away.
function countReplies(topic) {
  const n = all(".replies > article", topic).length;
  one(".thread > summary", topic).textContent = n === 1 ? say("replies-one") : say("replies", n);
}

// fold puts the replies of what is settled away, and brings them back when it is
// open again. In between they stay as their reader left them.
function fold(topic, old, article) {
  const settled = article.matches(".good");
  if (settled !== old.matches(".good")) one(".thread", topic).open = !settled;
}

// nameReply says which thread a reply box belongs to.
function nameReply(topic) {
  const title = one("h3 bdi, .name", topic);
  const box = one(".reply textarea", topic);
  if (box && title) box.setAttribute("aria-label", say("reply-to", title.textContent));
}

const atBottom = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 80;

// reveal shows an article: all of it, or its beginning if it is too tall.
function reveal(log, article) {
  if (!article) return;
  const tall = article.offsetHeight > log.clientHeight - 24;
  const top = article.getBoundingClientRect().top - log.getBoundingClientRect().top + log.scrollTop;
  const last = article === all("article", log).at(-1);
  if (tall) log.scrollTop = top - 12;
  else log.scrollTop = last ? log.scrollHeight : top + article.offsetHeight + 12 - log.clientHeight;
}

const revealLast = (log) => reveal(log, all("article", log).at(-1));

// hint says whether there is more below what is shown of a log.
function hint(log) {
  if (!log.hidden) one(".below", log.closest(".view")).hidden = atBottom(log);
}

function replace(old, article) {
  article.classList.add("fresh");
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(article);
  if (!focused) return;
  const { key, reveal: ref } = focused.dataset;
  const same = key ? one(`[data-key="${CSS.escape(key)}"]`, article) : ref && one("[data-reveal]", article);
  (same || one('[tabindex="-1"]', article)).focus({ preventScroll: true });
}

// apply shows what the server says is new or changed, once.
function apply(update) {
  const log = logOf(update.seat, update.place);
  if (!log) return;
  const article = parse(update.html).firstElementChild;
  const old = one(`article[data-ref="${CSS.escape(update.ref)}"]`, log);
  if (old && Number(old.dataset.rev) >= update.rev) return;
  const follow = atBottom(log);
  const moved = old && orderOf(old) !== update.order;
  if (old && !moved) {
    replace(old, article);
    const topic = article.parentElement;
    if (topic.matches(".topic")) {
      nameReply(topic);
      if (update.place === "admins") fold(topic, old, article);
    }
  } else {
    if (old) (old.parentElement.classList.contains("topic") ? old.parentElement : old).remove();
    place(log, article, update.thread);
  }
  if (follow || update.mine || article.matches(".only-you")) reveal(log, article); // what only they see answers what they pressed
  hint(log);
  badge(update, log);
  if (!update.mine) noticed();
  if (!update.mine) announceUpdate(update, Boolean(old) && !moved);
  staleForm(article);
}

function place(log, article, thread) {
  const topic = thread && one(`[data-topic="${CSS.escape(thread)}"]`, log);
  if (!topic) return insert(one(".topics", log), topicFor(log, article));
  insert(one(".replies", topic), article);
  countReplies(topic);
}

function announceUpdate(update, changed) {
  const where = update.seat === "employee" ? "employee" : update.place === "admins" ? "admins" : "inbox";
  const what = changed ? say("announce.changed", update.summary) : update.summary;
  announce(say(`announce.${where}`, what));
}

// elsewhere says that there is something for somebody who sits nowhere here. A
// press makes them sit.
function elsewhere(told) {
  const bar = one(".elsewhere");
  const before = one(`[data-person="${CSS.escape(told.person)}"]`, bar);
  if (before) return;
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.person = told.person;
  button.dataset.sit = told.admin ? "admin" : "employee";
  button.textContent = say("elsewhere", told.name);
  bar.append(button);
  while (bar.children.length > 3) bar.firstElementChild.remove();
  bar.hidden = false;
  announce(button.textContent);
}

function forgetElsewhere(person) {
  const bar = one(".elsewhere");
  one(`[data-person="${CSS.escape(person)}"]`, bar)?.remove();
  bar.hidden = !bar.children.length;
}

async function goElsewhere(button) {
  const { sit: seat, person } = button.dataset;
  await busy(button, async () => {
    await sit(seat, person);
    show(seat === "admin" ? "admins" : "employee");
    if (seat === "admin") showPlace("direct");
    one(`#who-${seat}`).focus();
  });
}

// ---- the strip

const traces = one(".traces");

function trace(t) {
  const line = document.createElement("li");
  line.dataset.kind = t.kind;
  const time = document.createElement("time");
  time.dateTime = t.at;
  time.dataset.clock = "";
  const kind = document.createElement("span");
  kind.className = "kind";
  kind.textContent = sentences[`kind.${t.kind}`] ?? t.kind;
  const what = document.createElement("span");
  what.className = "what";
  what.textContent = t.text;
  line.append(time, " ", kind, " ", what);
  if (t.case) {
    const code = document.createElement("code");
    code.textContent = t.case;
    line.append(" ", code);
  }
  localise(line);
  const follow = atBottom(traces);
  one("ol", traces).append(line);
  while (one("ol", traces).children.length > 200) one("ol", traces).firstElementChild.remove();
  if (follow) traces.scrollTop = traces.scrollHeight;
  lastTrace();
}

function lastTrace() {
  const last = one("ol", traces).lastElementChild;
  one(".behind-last").textContent = last ? `${one(".kind", last).textContent}: ${one(".what", last).textContent}` : "";
}

// ---- the stream

let cursor = body.dataset.cursor;
let source;
let again;
let tries = 0;

function listen() {
  clearTimeout(again);
  source?.close();
  const mine = new EventSource(`/api/stream?after=${encodeURIComponent(cursor)}`);
  source = mine;
  const on = (kind, does) =>
    mine.addEventListener(kind, (e) => {
      if (source !== mine) return; // somebody else sits here by now
      cursor = e.lastEventId || cursor;
      does(JSON.parse(e.data));
    });
  on("message", apply);
  on("elsewhere", elsewhere);
  on("trace", trace);
  on("reset", refresh);
  on("ready", connected);
  mine.addEventListener("error", () => {
    if (source !== mine) return;
    disconnected();
    if (mine.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    again = setTimeout(listen, Math.min(10000, 500 * 2 ** tries++));
  });
}

let late;

function disconnected() {
  late ??= setTimeout(() => {
    const line = one(".connection");
    line.textContent = say("reconnecting");
    line.hidden = false;
    announce(line.textContent);
  }, 1500);
}

function connected() {
  tries = 0;
  clearTimeout(late);
  late = undefined;
  const line = one(".connection");
  if (!line.hidden) {
    announce(say("reconnected"));
    calm();
  }
  line.hidden = true;
  body.dataset.live = String(Number(body.dataset.live ?? 0) + 1); // how often it came to be
}

// ---- who sits where

const tabs = "BroadcastChannel" in window ? new BroadcastChannel("mfahelp-seats") : null;
if (tabs) tabs.onmessage = () => location.reload(); // another tab changed who we are

async function sit(seat, person) {
  const who = await post("/api/sessions", { person, seat });
  tabs?.postMessage(seat);
  source?.close();
  source = undefined;
  for (const log of all(`.log[data-seat="${seat}"]`)) await fill(log);
  one(`#who-${seat}`).value = person;
  one(`#who-${seat}`).dataset.was = person;
  forgetElsewhere(person);
  listen();
  announce(say("announce.who", who.name));
}

// fill shows what there is to see in a log, and returns up to when that is.
async function fill(log) {
  const answer = await ask(`/panes/${log.dataset.seat}/${log.dataset.place}`);
  one(".topics", log).replaceChildren(parse(await answer.text()));
  all(".topic", log).forEach(nameReply);
  revealLast(log);
  hint(log);
  return answer.headers.get("Mfahelp-Cursor");
}

// fillAgain is fill for whoever saw the log before: what is new to them is read
// aloud, as it would have been at the time.
async function fillAgain(log) {
  const known = new Map(all("article", log).map((a) => [a.dataset.ref, Number(a.dataset.rev)]));
  const reached = await fill(log);
  for (const card of all(".card", log)) {
    const before = known.get(card.dataset.ref);
    if (before === Number(card.dataset.rev)) continue;
    announceUpdate({ ...log.dataset, summary: one("h3 bdi", card).textContent }, before !== undefined);
  }
  return reached;
}

// refresh shows everything anew, where the stream cannot say what changed.
async function refresh() {
  source?.close();
  source = undefined;
  try {
    const reached = [];
    for (const log of all(".log")) reached.push(await fillAgain(log));
    cursor = reached[0]; // what changed meanwhile is told again, and shown once
    listen();
  } catch {
    disconnected();
    again = setTimeout(refresh, 2000);
  }
}

// ---- what people do

// busy keeps a button from being pressed twice, and keeps the focus on it.
async function busy(button, does) {
  if (button.getAttribute("aria-disabled") === "true") return false;
  button.setAttribute("aria-disabled", "true");
  try {
    await does();
    calm();
    return true;
  } catch (problem) {
    complain(problem.message);
    return false;
  } finally {
    button.removeAttribute("aria-disabled");
  }
}

// Until something was accepted it keeps its id, so that sending it again is safe.
const ids = new WeakMap();
const idOf = (thing) => ids.get(thing) ?? ids.set(thing, newID()).get(thing);

async function sendText(form, seat, place, thread) {
  const box = one("textarea", form);
  const text = box.value;
  if (!text.trim()) {
    complain(say("empty-message"));
    box.focus();
    return;
  }
  await busy(one('[type="submit"]', form), async () => {
    fillBox(box, ""); // at once: what is typed from now on is another message
    try {
      await post(`/api/messages?seat=${seat}`, { id: idOf(form), place, thread, text });
      ids.delete(form);
    } catch (problem) {
      fillBox(box, box.value ? `${text}\n${box.value}` : text); // nothing typed is lost
      throw problem;
    }
  });
}

function fillBox(box, text) {
  box.value = text;
  grow(box);
}

function sendFrom(form) {
  if (form.matches(".composer")) return sendText(form, form.dataset.seat, form.dataset.place);
  const topic = form.closest(".topic");
  const log = form.closest(".log");
  return sendText(form, log.dataset.seat, log.dataset.place, topic.dataset.topic);
}

async function press(button, log, fields) {
  const { seat, place } = log.dataset;
  await post(`/api/presses?seat=${seat}`, { id: idOf(button), place, key: button.dataset.key, fields });
  ids.delete(button);
}

async function makeFail(button) {
  await busy(button, async () => {
    const sample = await post(`/api/samples/${encodeURIComponent(button.dataset.sample)}`);
    const select = one("#who-employee");
    if (select.value !== sample.person) await sit("employee", sample.person);
    show("employee");
    const form = one('.composer[data-seat="employee"]');
    const box = one("textarea", form);
    fillBox(box, sample.text);
    ids.delete(form);
    box.scrollTop = 0;
    one('[type="submit"]', form).focus();
    announce(say("announce.sample", select.selectedOptions[0]?.textContent ?? ""));
  });
}

// filter leaves the failures whose words have all that was typed.
function filter(typed) {
  const parts = typed.toLocaleLowerCase().split(/\s+/);
  const has = (element) => parts.every((p) => element.textContent.toLocaleLowerCase().includes(p));
  for (const item of all(".samples li")) item.hidden = !has(item);
  for (const group of all(".group")) group.hidden = !one("li:not([hidden])", group);
  announce(say("filter-count", all(".samples li:not([hidden])").length));
}

// grow fits a box to its text, where the browser's style does not.
function grow(box) {
  if (CSS.supports("field-sizing", "content")) return;
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, 240)}px`;
}

// ---- forms

const dialog = one("#form");
const form = one("form", dialog);
let asked; // the button that opened the form, by key and card, and a stand-in to send with

function openForm(button) {
  const article = button.closest("article");
  const source = one(`template[data-form="${CSS.escape(button.dataset.key)}"]`, article);
  asked = { key: button.dataset.key, article: article.id, log: button.closest(".log"), sender: button.cloneNode(true) };
  form.replaceChildren(source.content.cloneNode(true));
  const note = document.createElement("p");
  note.className = "form-note";
  note.setAttribute("role", "status");
  one(".dialog-actions", form).before(note);
  dialog.setAttribute("aria-labelledby", one("h2", form).id);
  dialog.showModal();
  one("input, textarea, select", form)?.focus();
}

// staleForm tells whoever fills in a form that its card has changed.
function staleForm(article) {
  if (!dialog.open || asked?.article !== article.id) return;
  if (!one(`[data-key="${CSS.escape(asked.key)}"]`, article)) one(".form-note", form).textContent = say("stale-form");
}

// complete reports whether nothing is missing, and says what is.
function complete() {
  let first;
  for (const field of all("input, textarea, select", form)) {
    const missing = field.required && !field.value.trim();
    const line = document.getElementById(`${field.id}-error`);
    line.hidden = !missing;
    line.textContent = missing ? field.dataset.missing : "";
    field.setAttribute("aria-invalid", String(missing));
    if (missing) field.setAttribute("aria-describedby", line.id);
    else field.removeAttribute("aria-describedby");
    if (missing) first ??= field;
  }
  first?.focus();
  return !first;
}

async function sendForm() {
  if (!complete()) return;
  const fields = {};
  for (const field of all("input, textarea, select", form)) if (field.value) fields[field.name] = field.value;
  await busy(one('[type="submit"]', form), async () => {
    try {
      await press(asked.sender, asked.log, fields);
      dialog.close();
    } catch (problem) {
      one(".form-note", form).textContent = problem.message; // a toast would be behind the dialog
    }
  });
}

// Back to the button that opened the form or, if it has gone, to its card.
dialog.addEventListener("close", () => {
  const article = document.getElementById(asked.article);
  if (!article) return;
  (one(`[data-key="${CSS.escape(asked.key)}"]`, article) ?? one('[tabindex="-1"]', article)).focus();
});

// ---- secrets

const secret = one("#secret");
let shownFor; // the button that was pressed, by seat and ref

// showSecret asks for what the dashes of a card stand for. It is told once, so it is
// asked for by nothing but this press, and is nowhere but in the dialog.
async function showSecret(button) {
  const { seat } = button.closest(".log").dataset;
  const ref = button.dataset.reveal;
  await busy(button, async () => {
    const told = await post(`/api/reveals?seat=${seat}`, { ref });
    shownFor = { seat, ref };
    one("#secret-title").textContent = told.title;
    one("#secret-told").replaceChildren(...told.secrets.flatMap(secretLines));
    secret.showModal();
    one("#secret-title").focus();
  });
}

function secretLines(told) {
  const name = document.createElement("dt");
  name.textContent = told.name ?? "";
  name.hidden = !told.name;
  const value = document.createElement("dd");
  value.textContent = told.secret;
  return [name, value];
}

function forgetSecret() {
  one("#secret-told").replaceChildren();
  one("#secret-title").textContent = "";
}

secret.addEventListener("close", () => {
  forgetSecret();
  const log = all(`.log[data-seat="${shownFor.seat}"]`).find((l) => one(`[data-ref="${CSS.escape(shownFor.ref)}"]`, l));
  const article = log && one(`[data-ref="${CSS.escape(shownFor.ref)}"]`, log);
  if (article) (one("[data-reveal]", article) ?? one('[tabindex="-1"]', article)).focus();
});

// A page that is put aside may come back as it was.
addEventListener("pagehide", () => (secret.open ? secret.close() : forgetSecret()));

// ---- wiring

document.addEventListener("click", (e) => {
  const button = e.target.closest("button");
  if (!button) return;
  if ("sample" in button.dataset) makeFail(button);
  else if ("show" in button.dataset) show(button.dataset.show);
  else if (button.closest(".switch")) showPlace(button.dataset.place);
  else if ("cancel" in button.dataset) dialog.close();
  else if ("close" in button.dataset) secret.close();
  else if ("dismiss" in button.dataset) button.closest(".toast").remove();
  else if ("sit" in button.dataset) goElsewhere(button);
  else if ("reveal" in button.dataset) showSecret(button);
  else if ("ask" in button.dataset) openForm(button);
  else if ("key" in button.dataset) busy(button, () => press(button, button.closest(".log")));
  else if (button.matches(".below")) {
    const log = one(".log:not([hidden])", button.closest(".view"));
    log.scrollTop = log.scrollHeight;
    log.focus({ preventScroll: true });
  }
});

document.addEventListener("submit", (e) => {
  e.preventDefault();
  if (e.target === form) sendForm();
  else sendFrom(e.target);
});

document.addEventListener("keydown", (e) => {
  const composing = e.isComposing || e.keyCode === 229; // this Enter chooses a word; Safari says so by the code alone
  const sends = e.key === "Enter" && !e.shiftKey && !composing;
  if (!sends || !e.target.matches(".composer textarea, .reply textarea")) return;
  e.preventDefault();
  e.target.form.requestSubmit();
});

let typing;

document.addEventListener("input", (e) => {
  if (e.target.id === "filter") {
    clearTimeout(typing);
    typing = setTimeout(filter, 200, e.target.value);
  }
  if (!e.target.matches("textarea")) return;
  if (e.target.form) ids.delete(e.target.form); // another text is another message
  grow(e.target);
});

for (const select of all(".who select")) {
  select.dataset.was = select.value;
  select.addEventListener("change", () =>
    sit(select.dataset.seat, select.value).catch((problem) => {
      complain(problem.message);
      select.value = select.dataset.was;
      if (!source) listen();
    }),
  );
}

document.addEventListener(
  "toggle",
  (e) => {
    if (e.target.matches(".reply[open]")) one("textarea", e.target).focus();
    if (e.target.matches(".behind details[open]")) traces.scrollTop = traces.scrollHeight;
  },
  true,
);

for (const log of all(".log")) {
  log.addEventListener("scroll", () => hint(log));
  new ResizeObserver(() => hint(log)).observe(log);
  revealLast(log);
}

localise(document);
all(".topic").forEach(nameReply);
show(body.dataset.view);
lastTrace();
listen();
