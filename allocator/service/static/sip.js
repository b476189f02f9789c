// What every page does where scripts run: GOV.UK's components, and following work in progress.
import { initAll } from "/static/vendor/govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();

for (const place of document.querySelectorAll("[data-waits-for]")) {
  if (!place.querySelector("[data-progress]")) continue;
  const line = place.querySelector("[data-progress]");
  const heard = new EventSource(place.dataset.waitsFor); // it comes back by itself after a lost connection
  heard.addEventListener("progress", (event) => {
    const now = JSON.parse(event.data);
    if (now.tiers === "parts") line.textContent = `${now.best} of ${now.bound} answered.`;
    else if (now.best !== undefined) line.textContent = `Best so far ${now.best}, at most ${now.bound} possible.`;
    else line.textContent = now.state === "queued" ? "Waiting for its turn." : "At work.";
  });
  heard.addEventListener("ended", () => {
    heard.close();
    window.location.reload();
  });
}
