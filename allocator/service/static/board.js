// Moving cards by mouse and by keyboard, and a search that answers as one types.
// Every address asked for here is a page of its own that works without this script.
const $ = (id) => document.getElementById(id);
const find = $("find");
const panel = $("panel");
const tray = $("tray");
const count = $("count");
let board = $("board");
let back = null; // where the focus returns to
let carried = null; // {card, targets, at, barred} while a card is in the hand
let asking = 0; // the newest question: answers to older ones are thrown away

const say = (text) => { $("said").textContent = text; };
const schoolOf = (card) => card.querySelector(".sip-card__name a").textContent;
const columnsOf = (sip) => document.querySelectorAll(`[data-column="${CSS.escape(sip)}"]`);
const addressOf = (card, what, sip) => {
  const to = new URLSearchParams({ urn: card.dataset.urn, post: card.dataset.post });
  if (sip) to.set("sip", sip);
  return `/rounds/${board.dataset.round}/board/${what}?${to}`;
};

async function read(address) {
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  if (answer.redirected) window.location.reload(); // signed out meanwhile
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// -- the panel ------------------------------------------------------------------------------------

function open(nodes, from) {
  back = from || back;
  $("panel-body").replaceChildren(...nodes);
  panel.hidden = false;
  panel.focus();
}

function close() {
  panel.hidden = true;
  asking += 1;
  if (back && back.isConnected) back.focus();
}

function waiting(text) {
  const line = document.createElement("p");
  line.className = "govuk-body";
  line.textContent = text;
  const bar = document.createElement("progress");
  bar.className = "sip-progress";
  bar.setAttribute("aria-label", text);
  return [line, bar];
}

async function show(address, text, from) {
  const mine = ++asking;
  open(waiting(text), from);
  say(text);
  let told;
  try {
    const page = await read(address);
    told = [...(page.querySelector("main") || page.body).children];
  } catch {
    told = [Object.assign(document.createElement("p"), { className: "govuk-body", textContent: "The service could not be reached. Try again." })];
  }
  if (mine !== asking || panel.hidden) return;
  open(told);
  const first = $("panel-body").querySelector("p");
  if (first) say(first.textContent.replace(/\s+/g, " ").trim());
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-move], a[data-try], a[data-let-go]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.hasAttribute("data-let-go")) close();
  else show(link.href, link.hasAttribute("data-try") ? "Working out what would change" : "Looking who may take it", panel.contains(link) ? null : link);
});
$("panel-close").addEventListener("click", close);
panel.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });

// -- a card in the hand ---------------------------------------------------------------------------

async function markBarred(hand) {
  const page = await read(addressOf(hand.card, "move"));
  for (const row of page.querySelectorAll("[data-barred]")) {
    hand.barred.set(row.dataset.barred, row.dataset.why);
    if (carried === hand) for (const place of columnsOf(row.dataset.barred)) place.classList.add("is-barred");
  }
}

function lift(card) {
  const targets = [...tray.querySelectorAll("[data-column]")];
  carried = { card, targets, at: targets.findIndex((t) => t.dataset.column === card.dataset.sip), barred: new Map() };
  card.classList.add("is-carried");
  tray.hidden = false;
  markBarred(carried).catch(() => {}); // only the marks are missing then: the answer on dropping tells all the same
}

function aim(sip) {
  for (const place of document.querySelectorAll(".is-target")) place.classList.remove("is-target");
  if (sip) for (const place of columnsOf(sip)) place.classList.add("is-target");
}

function rest() {
  if (!carried) return;
  carried.card.classList.remove("is-carried");
  for (const place of document.querySelectorAll(".is-barred")) place.classList.remove("is-barred");
  aim("");
  tray.hidden = true;
  carried = null;
}

function drop(sip, from) {
  const { card } = carried;
  rest();
  if (sip && sip !== card.dataset.sip) show(addressOf(card, "try", sip), `Working out what would change for ${schoolOf(card)}`, from);
}

// by mouse
document.addEventListener("dragstart", (event) => {
  const card = event.target.closest ? event.target.closest(".sip-card") : null;
  if (!card || board.dataset.mayMove !== "yes") return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", card.id);
  setTimeout(() => lift(card)); // the tray must not come under the pointer before the drag has begun
});
document.addEventListener("dragover", (event) => {
  const place = carried && event.target.closest && event.target.closest("[data-column]");
  if (!place || !place.dataset.column) return;
  event.preventDefault();
  if (!place.classList.contains("is-target")) aim(place.dataset.column);
});
document.addEventListener("drop", (event) => {
  const place = carried && event.target.closest && event.target.closest("[data-column]");
  if (!place || !place.dataset.column) return;
  event.preventDefault();
  drop(place.dataset.column, carried.card.querySelector(".sip-grip"));
});
document.addEventListener("dragend", rest);

// by keyboard
function tell() {
  const place = carried.targets[carried.at];
  const why = carried.barred.get(place.dataset.column);
  const left = place.querySelector("small").textContent;
  aim(place.dataset.column);
  place.scrollIntoView({ block: "nearest" });
  say(`${place.dataset.name}, ${left}, ${carried.at + 1} of ${carried.targets.length}.${why ? ` May not: ${why}.` : ""}`);
}

function step(key) {
  const n = carried.targets.length;
  if (key === "ArrowRight" || key === "ArrowDown") carried.at = (carried.at + 1) % n;
  else if (key === "ArrowLeft" || key === "ArrowUp") carried.at = (carried.at - 1 + n) % n;
  else if (key === "Home") carried.at = 0;
  else if (key === "End") carried.at = n - 1;
  else if (/^\p{L}$/u.test(key)) {
    const after = [...carried.targets.keys()].map((i) => (carried.at + 1 + i + n) % n);
    const found = after.find((i) => carried.targets[i].dataset.name.toLowerCase().startsWith(key.toLowerCase()));
    if (found === undefined) return false;
    carried.at = found;
  } else return false;
  return true;
}

document.addEventListener("click", (event) => {
  const grip = event.target.closest(".sip-grip");
  if (!grip) return;
  const card = grip.closest(".sip-card");
  if (carried && carried.card === card) {
    const place = carried.targets[carried.at];
    const same = !place || place.dataset.column === card.dataset.sip;
    drop(same ? "" : place.dataset.column, grip);
    if (same) say(`${schoolOf(card)} is back where it was.`);
    return;
  }
  rest();
  lift(card);
  const now = carried.targets[carried.at];
  say(`${schoolOf(card)} picked up${now ? `, now with ${now.dataset.name}` : ""}. Arrow keys or a first letter choose a SIP, Enter drops, Escape puts it back.`);
});
document.addEventListener("keydown", (event) => {
  if (!carried || !event.target.closest(".sip-grip") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    say(`${schoolOf(carried.card)} is back where it was.`);
    rest();
  } else if (!step(event.key)) return;
  else tell();
  event.preventDefault();
});
document.addEventListener("focusout", (event) => { if (carried && event.target.closest(".sip-grip")) rest(); });

// -- search, filter, order ------------------------------------------------------------------------

let partly = Boolean(new URLSearchParams(window.location.search).get("q")); // the server left cards out

function filter() {
  const words = $("q").value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const column of board.querySelectorAll(".sip-column")) {
    let mine = 0;
    for (const card of column.querySelectorAll(".sip-card")) {
      const fits = words.every((word) => card.dataset.search.includes(word));
      card.hidden = !fits;
      const more = card.nextElementSibling;
      if (more && more.classList.contains("sip-fixes")) more.hidden = !fits;
      mine += fits;
    }
    column.hidden = words.length > 0 && mine === 0;
    column.querySelector("[data-shown]").textContent = mine;
    if (words.length && mine) column.querySelector("details").open = true;
    shown += mine;
  }
  board.parentElement.classList.toggle("is-found", words.length > 0);
  count.textContent = `${shown} of ${board.querySelectorAll(".sip-card").length} cards shown.`;
}

async function refresh() {
  const asked = new URLSearchParams(new FormData(find));
  history.replaceState(null, "", `?${asked}`);
  asked.delete("q");
  const page = await read(`?${asked}`);
  const fresh = page.getElementById("board");
  if (!fresh) return window.location.reload();
  board.replaceWith(fresh);
  board = fresh;
  partly = false;
  dress();
  filter();
}

function dress() {
  if (board.dataset.mayMove !== "yes") return;
  for (const card of board.querySelectorAll(".sip-card")) {
    card.draggable = true;
    const grip = document.createElement("button");
    grip.type = "button";
    grip.className = "sip-grip";
    grip.innerHTML = 'Pick up<span class="govuk-visually-hidden"></span>';
    grip.lastChild.textContent = `: ${schoolOf(card)}`;
    card.querySelector(".sip-card__do").append(grip);
  }
}

function openAll(yes) { for (const column of board.querySelectorAll(".sip-column > details")) column.open = yes; }

dress();
find.addEventListener("submit", (event) => { event.preventDefault(); refresh(); });
find.addEventListener("change", (event) => { if (event.target.id !== "q") refresh(); });
$("q").addEventListener("input", () => (partly ? refresh() : filter()));
$("open-all").addEventListener("click", () => openAll(true));
$("close-all").addEventListener("click", () => openAll(false));
if (window.matchMedia("(max-width: 640px)").matches && !window.location.hash) openAll(false);
const aimed = window.location.hash && document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
if (aimed && aimed.closest("details")) { aimed.closest("details").open = true; aimed.scrollIntoView({ block: "center" }); }
