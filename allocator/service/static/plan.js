// The table of the plan: sorted where it stands, and in a long one the ways to go on from the row that the mouse or the
// focus is in. Every address here is a page of its own that works without this script.
const $ = (id) => document.getElementById(id);
const here = () => window.location.pathname + window.location.search;

// -- sorted ---------------------------------------------------------------------------------------

// As `by_school.viewed` does: blank cells last whichever way, equal ones by school and URN.
const IN_SIGHT = 60; // rows of a large screen
const NUMBERS = ["days", "short", "year", "km"];
const needs = [...$("need").options].map((o) => o.value);

function order(key, n) {
  const value = (row) => {
    const text = row.cells[n].textContent;
    if (text === "") return null;
    if (NUMBERS.includes(key)) return Number(text);
    return key === "need" ? needs.indexOf(text) : text.toLowerCase();
  };
  return (row) => ({ row, value: value(row), school: row.querySelector("th").textContent });
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function sort(head, key, down) {
  const sorted = [...$("plan").tBodies].map((body) => {
    const rows = [...body.rows].filter((row) => row.id).map(order(key, head.cellIndex));
    rows.sort((a, b) => (a.value === null) - (b.value === null) || compare(a.value, b.value) * (down ? -1 : 1)
      || compare(a.school, b.school) || compare(a.row.id, b.row.id));
    return [body, rows.map(({ row }) => row)];
  });
  firstInSight(sorted.flatMap(([, rows]) => rows), [...head.parentElement.cells]);
  for (const [body, rows] of sorted) body.append(...rows);
  for (const th of head.parentElement.cells) th.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const at = new URL(window.location);
  set(at, "sort", down ? `-${key}` : key);
  window.history.replaceState(null, "", at);
  follow(down ? `-${key}` : key);
  $("told").textContent = `Sorted by ${head.textContent}, ${down ? "descending" : "ascending"}`;
}

// Of hundreds of rows those in sight are drawn at once, in columns as wide as they are, and the rest right after.
function firstInSight(rows, heads) {
  const widths = heads.map((th) => th.offsetWidth);
  const later = rows.slice(IN_SIGHT).filter((row) => !row.hidden);
  if (!later.length) return;
  heads.forEach((th, n) => { th.style.width = `${widths[n]}px`; });
  $("plan").style.tableLayout = "fixed";
  for (const row of later) row.hidden = true;
  setTimeout(() => {
    for (const row of later) row.hidden = false;
    for (const e of [...heads, $("plan")]) e.removeAttribute("style");
  }, 50);
}

const set = (at, name, value) => (value && value !== "school" ? at.searchParams.set(name, value) : at.searchParams.delete(name));
const sortOf = (link) => new URL(link.href).searchParams.get("sort") || "school";

// What leads from the view on, or back to it, says the view as it is now.
function follow(now) {
  for (const link of document.querySelectorAll("#shown a:is([href*='/plan'], [href*='then='])")) {
    const at = new URL(link.href);
    const head = link.closest("thead th");
    const key = head && sortOf(link).replace(/^-/, "");
    if (head) set(at, "sort", now === key ? `-${key}` : key);
    else if (at.searchParams.has("then")) at.searchParams.set("then", `${here()}#${link.closest("tr").id}`);
    else set(at, "sort", now);
    link.href = at;
  }
  for (const field of document.querySelectorAll("#shown input[name=then]")) field.value = here();
  $("sort").value = now;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("#plan thead a");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const asked = sortOf(link);
  sort(link.closest("th"), asked.replace(/^-/, ""), asked.startsWith("-"));
});

// -- what is done in a row of a long table --------------------------------------------------------

function open(event) {
  const row = event.target.closest?.("#plan > tbody > tr[id]");
  const move = row?.cells[row.cells.length - 1].firstElementChild;
  if (!move || !$("acts") || "open" in row.dataset) return;
  row.dataset.open = "";
  const [urn, school] = [row.id.slice(2), row.querySelector("th").textContent];
  const then = (link) => { const at = new URL(link.href); at.searchParams.set("then", `${here()}#${row.id}`); link.href = at; };
  const links = $("acts").content.cloneNode(true);
  for (const link of links.querySelectorAll("a")) {
    link.setAttribute("href", link.getAttribute("href").replace("URN", encodeURIComponent(urn)));
    link.ariaLabel = link.ariaLabel.replace("SCHOOL", school);
  }
  const lock = links.querySelector("a");
  if ("unled" in row.dataset) lock.remove();
  else if ("locked" in row.dataset) [lock.textContent, lock.ariaLabel] = ["Unlock", `Unlock ${school}`];
  move.ariaLabel = `Move ${school}`;
  move.after(links);
  for (const link of [move, lock]) then(link);
}
document.addEventListener("pointerover", open);
document.addEventListener("focusin", open);
