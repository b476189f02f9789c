// What every page does where scripts run: GOV.UK's components, and a word when the connection is lost.
import { initAll } from "/static/vendor/govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

// Pages that ask again by themselves (htmx) go on doing so while the service is away.
const place = document.querySelector("[data-lost]");
let lost = false;
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(name, () => {
    if (lost) return;
    lost = true;
    place.textContent = "The connection is lost. This page goes on by itself when it is back; nothing is lost.";
  });
}
document.body.addEventListener("htmx:afterRequest", (event) => {
  if (!lost || !event.detail.successful) return;
  lost = false;
  place.textContent = "";
});

// A box that finds, in a long list with folded parts, the lines that have what is typed; without a word all is as it was.
for (const box of document.querySelectorAll("[data-find]")) {
  const list = document.getElementById(box.dataset.find);
  const open = new Map([...list.querySelectorAll("details")].map((part) => [part, part.open]));
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = (line) => words.every((w) => line.textContent.toLowerCase().includes(w));
    for (const line of list.querySelectorAll(".govuk-form-group")) line.hidden = !found(line.querySelector("label"));
    for (const [part, was] of open) {
      part.hidden = words.length > 0 && !part.querySelector(".govuk-form-group:not([hidden])");
      part.open = words.length ? !part.hidden : was;
    }
  });
  box.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
}

// What was done is read first, and Tab goes on from there and not from the top again; an address with a place leads to it.
const told = document.querySelector("main .govuk-notification-banner");
if (told && !window.location.hash) {
  told.tabIndex = -1;
  told.addEventListener("blur", () => told.removeAttribute("tabindex"), { once: true });
  told.focus();
}
