/* The page around the picture (picture.js): zoom, the slider through time, what is said of an entry, search, and hands on keys and pointer. */

/* ---- zoom and pan: the width of columns changes, lanes keep their height ---- */

const LEAST = 0.02;
const MOST = 4;

function clampView() {
  const box = graph.getBoundingClientRect();
  const wide = width();
  state.x = wide <= box.width ? 0 : Math.min(0, Math.max(state.x, box.width - wide));
  state.y = height <= box.height ? 0 : Math.min(0, Math.max(state.y, box.height - height));
  graph.classList.toggle("tall", height > box.height + 1);
}

function applyView() {
  clampView();
  view.setAttribute("transform", `translate(${state.x} ${state.y})`);
  for (const part of ["bands", "labels"]) by(part).setAttribute("transform", `translate(0 ${state.y})`);
}

function scaleTo(scale, x) {
  const column = (x - state.x - MARGIN) / state.scale;
  state.scale = Math.max(LEAST, Math.min(MOST, scale));
  state.x = x - MARGIN - column * state.scale;
  placeAll();
  applyView();
}

const zoom = (factor, x) => scaleTo(state.scale * factor, x ?? graph.getBoundingClientRect().width / 2);
const fitting = () => (graph.getBoundingClientRect().width - 2 * MARGIN) / (STEP * Math.max(1, columns()));
const fit = () => scaleTo(Math.min(1.6, fitting()), 0);

function begin() {
  graph.style.height = `${Math.max(110, Math.min(height, Math.max(240, window.innerHeight * 0.62), 760))}px`;
  scaleTo(Math.max(0.75, Math.min(1.6, fitting())), 0);
  state.x = -width();
  applyView();
}

function bringIntoView(number) {
  const box = graph.getBoundingClientRect();
  const x = state.x + xOf(number);
  const y = state.y + yOf(number);
  if (x < 60 || x > box.width - 60) state.x += box.width / 2 - x;
  if (y < 30 || y > box.height - 30) state.y += box.height / 2 - y;
  applyView();
}

/* ---- a moment ---- */

function showMoment(shown, follow) {
  state.shown = Math.max(0, Math.min(nodes.length, shown));
  by("slider").value = String(state.shown);
  let heads = 0;
  nodes.forEach((_, number) => {
    const isHere = number < state.shown;
    const isHead = isHere && !after[number].some((each) => each < state.shown);
    heads += isHead ? 1 : 0;
    shapes[number].classList.toggle("later", !isHere);
    shapes[number].classList.toggle("head", isHead);
  });
  for (const { to, path } of edges) path.classList.toggle("later", to >= state.shown);
  sayMoment(heads);
  showValues();
  if (follow && state.shown) bringIntoView(state.shown - 1);
}

function sayMoment(heads) {
  const newest = nodes[state.shown - 1];
  const line = by("as-of");
  line.textContent = "";
  if (!newest) {
    line.textContent = "Before the first entry.";
    return;
  }
  html("strong", newest.when, line);
  const headsText = heads === 1 ? "1 head" : `${heads} heads are concurrent`;
  line.append(` · ${state.shown} of ${nodes.length} entries · ${headsText} · ${newest.device} ${newest.place}`);
  by("slider").setAttribute("aria-valuetext", `${state.shown} of ${nodes.length}, ${newest.when}, ${newest.device}, ${headsText}`);
}

function valuesAt(shown) {
  const values = new Map();
  for (const node of nodes.slice(0, shown)) {
    for (const [field, value] of node.values) {
      if (value === null) values.delete(field);
      else values.set(field, value);
    }
  }
  return values;
}

function showValues() {
  if (!data.record) return;
  const body = by("values");
  body.textContent = "";
  const newest = nodes[state.shown - 1];
  const changed = new Set(newest ? newest.values.map(([field]) => field) : []);
  const values = [...valuesAt(state.shown)].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [field, { value, by: device, others }] of values) {
    const row = html("tr", "", body, changed.has(field) ? "changed" : "");
    html("td", field, row);
    const cell = html("td", value, row);
    for (const other of others) html("span", `conflict: ${other.value}${other.by ? ` (${other.by})` : ""}`, cell, "conflict");
    html("td", device, row);
  }
  by("no-values").hidden = values.length > 0;
}

function play(on) {
  clearInterval(state.playing);
  state.playing = 0;
  by("play").setAttribute("aria-pressed", String(on));
  by("play").setAttribute("aria-label", on ? "Pause" : "Play");
  by("play").textContent = on ? "❚❚" : "▶";
  if (!on) return;
  if (state.shown >= nodes.length) showMoment(0, true);
  const pause = Math.max(40, Math.min(PLAY_MS, PLAY_WHOLE_MS / nodes.length));
  const step = Math.max(1, Math.round((nodes.length * pause) / PLAY_WHOLE_MS));
  state.playing = setInterval(() => {
    showMoment(state.shown + step, true);
    if (state.shown >= nodes.length) play(false);
  }, pause);
}

/* ---- one entry ---- */

function light(number) {
  for (const lit of view.querySelectorAll(".lit, .past, .future")) lit.classList.remove("lit", "past", "future");
  view.classList.toggle("lit", number !== null);
  if (number === null) return null;
  const past = pastOf(number);
  const future = futureOf(number);
  shapes[number].classList.add("lit");
  for (const each of past) shapes[each].classList.add("lit", "past");
  for (const each of future) shapes[each].classList.add("lit", "future");
  for (const { from, to, path } of edges) {
    if (from === null) continue;
    if (past.has(from) && (to === number || past.has(to))) path.classList.add("lit", "past");
    if (future.has(to) && (from === number || future.has(from))) path.classList.add("lit", "future");
  }
  return { past: past.size, future: future.size };
}

function show(number) {
  const sizes = light(number);
  by("facts").textContent = "";
  by("changes").textContent = "";
  by("hint").hidden = number !== null;
  by("entry-title").textContent = number === null ? "Entry" : `${nodes[number].device} ${nodes[number].place}`;
  if (number === null) return;
  const node = nodes[number];
  const count = (many) => (many === 1 ? "1 entry" : `${many} entries`);
  const facts = [...node.facts, ["causal past", count(sizes.past)], ["causal future", count(sizes.future)], ["concurrent", `with ${count(nodes.length - 1 - sizes.past - sizes.future)}`]];
  for (const [name, value, isBad] of facts) {
    html("dt", name, by("facts"));
    html("dd", value, by("facts"), isBad ? "alert" : "");
  }
  for (const change of node.changes) html("li", change, by("changes"));
}

let isDue = false;

/** Once for each picture, however many entries the pointer passes. */
function refresh() {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    show(state.pointed ?? state.chosen);
  });
}

function choose(number) {
  if (state.chosen !== null) shapes[state.chosen].classList.remove("chosen");
  state.chosen = number;
  if (number !== null) shapes[number].classList.add("chosen");
  refresh();
}

function roam(number) {
  for (const shape of shapes) if (shape.getAttribute("tabindex") === "0") shape.setAttribute("tabindex", "-1");
  shapes[number].setAttribute("tabindex", "0");
}

function focusOn(number) {
  roam(number);
  bringIntoView(number);
  shapes[number].focus({ preventScroll: true });
}

function neighbour(number, key) {
  const here = nodes[number];
  if (key === "Home") return 0;
  if (key === "End") return nodes.length - 1;
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const near = key === "ArrowLeft" ? here.before : after[number];
    return near.find((each) => nodes[each].lane === here.lane) ?? near[0] ?? number;
  }
  const up = key === "ArrowUp";
  let best = number;
  let least = Infinity;
  nodes.forEach((node, each) => {
    const distance = up ? here.lane - node.lane : node.lane - here.lane;
    if (distance <= 0) return;
    const cost = distance * 1e6 + Math.abs(columnOf(each) - columnOf(number));
    if (cost < least) [best, least] = [each, cost];
  });
  return best;
}

/* ---- search ---- */

function search(text) {
  const wanted = text.trim().toLowerCase();
  const found = [];
  nodes.forEach((node, number) => {
    const isFound = wanted !== "" && node.search.includes(wanted);
    shapes[number].classList.toggle("found", isFound);
    if (isFound) found.push(number);
  });
  by("found").textContent = wanted === "" ? "" : found.length === 0 ? "nothing found" : `${found.length} found`;
  return found;
}

/* ---- hands ---- */

function numberAt(target) {
  const shape = target instanceof Element ? target.closest("#nodes .node") : null;
  return shape ? Number(shape.dataset.number) : null;
}

function listenToEntries() {
  const group = by("nodes");
  group.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "touch") { state.pointed = numberAt(event.target); refresh(); }
  });
  group.addEventListener("pointerleave", () => { state.pointed = null; refresh(); });
  group.addEventListener("focusin", (event) => { roam(numberAt(event.target)); choose(numberAt(event.target)); });
  graph.addEventListener("keydown", (event) => {
    const number = numberAt(event.target);
    if (event.key === "+" || event.key === "=") zoom(1.25);
    else if (event.key === "-") zoom(0.8);
    else if (event.key === "0") fit();
    else if (event.key === "Escape") { state.pointed = null; choose(null); }
    else if (number !== null && ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) focusOn(neighbour(number, event.key));
    else if (number !== null && (event.key === "Enter" || event.key === " ")) choose(number);
    else return;
    event.preventDefault();
  });
}

function listenToDragging() {
  const fingers = new Map();
  let moved = 0;
  const spread = () => { const [a, b] = [...fingers.values()]; return Math.hypot(a.x - b.x, a.y - b.y); };
  graph.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    moved = fingers.size > 1 ? Infinity : 0;
  });
  graph.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const wide = fingers.size === 2 ? spread() : 0;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
    moved += Math.abs(dx) + Math.abs(dy);
    if (moved > 4 && !graph.hasPointerCapture(event.pointerId)) graph.setPointerCapture(event.pointerId);
    graph.classList.toggle("dragging", moved > 4);
    if (wide) {
      const box = graph.getBoundingClientRect();
      zoom(spread() / wide, event.clientX - box.left);
    } else if (moved > 4) {
      state.x += dx;
      state.y += dy;
      applyView();
    }
  });
  const end = (event) => {
    fingers.delete(event.pointerId);
    graph.classList.remove("dragging");
  };
  graph.addEventListener("pointerup", end);
  graph.addEventListener("pointercancel", end);
  graph.addEventListener("click", (event) => { if (moved <= 4) choose(numberAt(event.target)); });
  graph.addEventListener("wheel", (event) => {
    const box = graph.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY / 300), event.clientX - box.left);
    else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) { state.x -= event.deltaX || event.deltaY; applyView(); }
    else if (graph.classList.contains("tall")) { state.y -= event.deltaY; applyView(); }
    else return;
    event.preventDefault();
  }, { passive: false });
}

function listenToControls() {
  by("slider").addEventListener("input", (event) => { play(false); showMoment(Number(event.target.value), true); });
  by("back").addEventListener("click", () => { play(false); showMoment(state.shown - 1, true); });
  by("forth").addEventListener("click", () => { play(false); showMoment(state.shown + 1, true); });
  by("play").addEventListener("click", () => play(!state.playing));
  by("in").addEventListener("click", () => zoom(1.3));
  by("out").addEventListener("click", () => zoom(1 / 1.3));
  by("fit").addEventListener("click", fit);
  by("order").addEventListener("click", () => {
    state.byArrival = !state.byArrival;
    by("order").setAttribute("aria-pressed", String(state.byArrival));
    by("order").textContent = state.byArrival ? "By arrival" : "By causality";
    begin();
    if (state.shown) bringIntoView(state.chosen ?? state.shown - 1);
  });
  by("search").addEventListener("input", (event) => { const found = search(event.target.value); if (found.length) bringIntoView(found[found.length - 1]); });
  by("search").addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const found = search(event.target.value);
    if (found.length) focusOn(found[found.length - 1]);
  });
  by("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
  });
  window.addEventListener("resize", begin);
}

document.title = data.title;
by("title").textContent = data.title;
by("summary").textContent = data.summary;
by("cut").textContent = data.cut;
by("cut").hidden = !data.cut;
by("record").hidden = !data.record;
by("record-title").textContent = data.record;
by("slider").max = String(nodes.length);
drawAll();
begin();
if (shapes.length) roam(shapes.length - 1);
listenToEntries();
listenToDragging();
listenToControls();
showMoment(nodes.length, false);
show(null);
