// Zooming and moving the map, and showing one SIP at once. Without script the page shows the whole, and the form filters.
const region = document.getElementById("map");
const svg = region && region.querySelector("svg");
const STEP = 1.5;
const DEEPEST = 17;
const NEAR = 3; // times closer: the letters of a crowd can be read

if (svg) {
  const whole = svg.viewBox.baseVal;
  const [width, height] = [whole.width, whole.height];
  let seen = { x: 0, y: 0, k: 1 }; // the top left in units, and how many times closer than the whole
  const { tiles, left, top } = svg.dataset;
  const zoom = Number(svg.dataset.zoom);
  let drawn = zoom;
  const crowd = svg.classList.contains("sip-map__crowd");

  const inside = (at, size) => Math.min(Math.max(at, 0), size - size / seen.k);

  function pictures() { // the tiles of the zoom that fits, for what is seen
    const deep = Math.min(DEEPEST, zoom + Math.round(Math.log2(seen.k)));
    const side = 256 / 2 ** (deep - zoom);
    const found = [];
    for (let x = Math.floor((Number(left) + seen.x) / side); x * side < Number(left) + seen.x + width / seen.k; x += 1) {
      for (let y = Math.floor((Number(top) + seen.y) / side); y * side < Number(top) + seen.y + height / seen.k; y += 1) {
        const image = document.createElementNS("http://www.w3.org/2000/svg", "image");
        image.setAttribute("href", tiles.replace("{z}", deep).replace("{x}", x).replace("{y}", y));
        for (const [name, value] of [["x", x * side - left], ["y", y * side - top], ["width", side], ["height", side]]) image.setAttribute(name, value);
        found.push(image);
      }
    }
    if (deep !== drawn || seen.k > 1) document.getElementById("tiles").replaceChildren(...found);
    drawn = deep;
  }

  function look(next) {
    seen = { ...seen, ...next };
    seen.k = Math.min(Math.max(seen.k, 1), 40);
    seen.x = inside(seen.x, width);
    seen.y = inside(seen.y, height);
    svg.setAttribute("viewBox", `${seen.x} ${seen.y} ${width / seen.k} ${height / seen.k}`);
    const small = 1 / seen.k ** (crowd ? 0.6 : 0.85); // marks grow a little, so that crowded ones come apart; dots, which are small, more
    for (const mark of svg.querySelectorAll(".sip-mark")) mark.setAttribute("transform", `scale(${small})`);
    svg.classList.toggle("sip-map__near", seen.k >= NEAR);
    if (tiles) pictures();
  }

  function closer(by) {
    const k = Math.min(Math.max(seen.k * by, 1), 40);
    look({ k, x: seen.x + (width / seen.k - width / k) / 2, y: seen.y + (height / seen.k - height / k) / 2 });
  }

  const move = (dx, dy) => look({ x: seen.x + (dx * width) / seen.k / 5, y: seen.y + (dy * height) / seen.k / 5 });
  const keys = {
    "+": () => closer(STEP), "=": () => closer(STEP), "-": () => closer(1 / STEP), 0: () => look({ k: 1 }),
    ArrowLeft: () => move(-1, 0), ArrowRight: () => move(1, 0), ArrowUp: () => move(0, -1), ArrowDown: () => move(0, 1),
  };
  region.addEventListener("keydown", (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.startsWith("Arrow") && seen.k === 1) return; // the page scrolls: there is nowhere to move to
    event.preventDefault();
    keys[event.key]();
  });
  for (const button of document.querySelectorAll("button[data-zoom]")) {
    button.addEventListener("click", () => ({ in: () => closer(STEP), out: () => closer(1 / STEP), all: () => look({ k: 1 }) })[button.dataset.zoom]());
  }
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return; // plain scrolling stays the page's
    event.preventDefault();
    closer(event.deltaY < 0 ? STEP : 1 / STEP);
  }, { passive: false });
  let held = null;
  svg.addEventListener("pointerdown", (event) => { if (seen.k > 1) held = { x: event.clientX, y: event.clientY, from: { ...seen } }; });
  window.addEventListener("pointermove", (event) => {
    if (!held) return;
    const unit = 1 / svg.getScreenCTM().a;
    look({ x: held.from.x - (event.clientX - held.x) * unit, y: held.from.y - (event.clientY - held.y) * unit });
  });
  window.addEventListener("pointerup", () => { held = null; });

  function fit() { // as close as shows every mark that there is
    const at = [...svg.querySelectorAll("a[data-sip]")].map((mark) => mark.transform.baseVal.getItem(0).matrix);
    const [xs, ys] = [at.map((m) => m.e), at.map((m) => m.f)];
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    const [wide, high] = [Math.max(...xs) - x, Math.max(...ys) - y];
    const k = Math.min(0.8 * width / Math.max(wide, 1), 0.8 * height / Math.max(high, 1), 6);
    if (k > 1) look({ k, x: x + wide / 2 - width / k / 2, y: y + high / 2 - height / k / 2 });
  }

  const chosen = document.getElementById("sip");
  const one = new URLSearchParams(window.location.search).get("sip");
  if (one) fit();
  if (!one && !crowd) {
    chosen.addEventListener("change", () => {
      for (const mark of document.querySelectorAll(".sip-map [data-sip], .sip-map__table [data-sip]")) {
        const off = chosen.value && mark.dataset.sip !== chosen.value;
        if (off) mark.setAttribute("display", "none");
        else mark.removeAttribute("display");
        if (mark instanceof HTMLElement) mark.hidden = Boolean(off);
      }
    });
  } else chosen.addEventListener("change", () => chosen.form.submit());
}
