/* The picture of `calotype-inspect dag --html`: the graph, where its entries stand, and how they are drawn. Before page.js in the same script.

   Everything that comes from a library is put in place with textContent, nothing is ever parsed as markup. */
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const STEP = 34;
const ROW = 34;
const BAND_TOP = 26;
const BAND_BOTTOM = 8;
const MARGIN = 28;
const PLAY_MS = 450;
const PLAY_WHOLE_MS = 30000;

const data = JSON.parse(document.getElementById("data").textContent);
const nodes = data.nodes;
const by = (id) => document.getElementById(id);

/* ---- elements ---- */

function svg(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (parent) parent.append(element);
  return element;
}

function html(name, text, parent, className) {
  const element = document.createElement(name);
  element.textContent = text;
  if (className) element.className = className;
  if (parent) parent.append(element);
  return element;
}

/* ---- the graph: who comes after whom ---- */

const after = nodes.map(() => []);
nodes.forEach((node, number) => node.before.forEach((parent) => after[parent].push(number)));

function reach(start, next) {
  const seen = new Set();
  const ahead = [...next(start)];
  while (ahead.length) {
    const number = ahead.pop();
    if (seen.has(number)) continue;
    seen.add(number);
    ahead.push(...next(number));
  }
  return seen;
}

const pastOf = (number) => reach(number, (each) => nodes[each].before);
const futureOf = (number) => reach(number, (each) => after[each]);

/* ---- state ---- */

const state = { shown: nodes.length, byArrival: false, chosen: null, pointed: null, playing: 0, x: 0, y: 0, scale: 1 };

/* ---- where things stand ---- */

const rows = [];
const bands = [];
{
  let y = 0;
  data.lanes.forEach((lane, number) => {
    const begins = number === 0 || data.lanes[number - 1].device !== lane.device;
    if (begins) {
      if (bands.length) y += BAND_BOTTOM;
      bands.push({ name: lane.name, colour: lane.colour, top: y });
      y += BAND_TOP;
    }
    rows.push(y + ROW / 2);
    y += ROW;
    bands[bands.length - 1].bottom = y + BAND_BOTTOM;
  });
}
const height = bands.length ? bands[bands.length - 1].bottom : ROW;
const columnOf = (number) => (state.byArrival ? number : nodes[number].column);
const xOf = (number) => MARGIN + columnOf(number) * STEP * state.scale;
const yOf = (number) => rows[nodes[number].lane];
const deepest = nodes.reduce((most, node) => Math.max(most, node.column), 0);
const columns = () => (state.byArrival ? Math.max(0, nodes.length - 1) : deepest);
const width = () => 2 * MARGIN + STEP * state.scale * columns();

/* ---- drawing ---- */

const graph = by("graph");
const view = by("view");
const shapes = [];
const edges = [];

function outline(node, parent) {
  if (node.kind === "change") return svg("circle", { class: "shape", r: 6 }, parent);
  if (node.kind === "checkpoint" || node.kind === "settled") return svg("path", { class: "shape", d: "M-7.5 0L-3.8 -6.6H3.8L7.5 0L3.8 6.6H-3.8Z" }, parent);
  return svg("rect", { class: "shape", x: -5, y: -5, width: 10, height: 10, transform: "rotate(45)" }, parent);
}

function drawShape(node, parent) {
  svg("circle", { class: "ring", r: 10.5 }, parent);
  outline(node, parent);
  if (node.mark === "void") svg("path", { class: "cross", d: "M-3.5 -3.5L3.5 3.5M3.5 -3.5L-3.5 3.5" }, parent);
}

function drawAll() {
  for (const band of bands) {
    svg("rect", { class: "band", x: 0, y: band.top + 3, width: "100%", height: band.bottom - band.top - 6, rx: 0 }, by("bands"));
    const label = svg("text", { class: `device c${band.colour}`, x: 12, y: band.top + 20 }, by("labels"));
    label.textContent = band.name;
  }
  nodes.forEach((node, number) => {
    for (const parent of node.before) {
      const own = nodes[parent].lane === node.lane;
      edges.push({ from: parent, to: number, path: svg("path", { class: `edge c${node.colour}${own ? " own" : ""}` }, by("edges")) });
    }
    if (node.beyond) edges.push({ from: null, to: number, path: svg("path", { class: `edge beyond c${node.colour}` }, by("edges")) });
    const group = svg("g", { class: `node c${node.colour} ${node.mark}`, tabindex: -1, role: "button", "aria-label": node.label }, by("nodes"));
    svg("circle", { class: "hit", r: 15 }, group);
    drawShape(node, group);
    group.dataset.number = String(number);
    shapes.push(group);
  });
  drawLegend();
}

function placeAll() {
  const size = Math.max(0.3, Math.min(1, state.scale * 1.2));
  view.classList.toggle("far", state.scale < 0.4);
  shapes.forEach((shape, number) => shape.setAttribute("transform", `translate(${xOf(number)} ${yOf(number)}) scale(${size})`));
  for (const { from, to, path } of edges) {
    const x = xOf(to);
    const y = yOf(to);
    if (from === null) {
      path.setAttribute("d", `M${x - 22} ${y}H${x - 8}`);
      continue;
    }
    const fromX = xOf(from);
    const fromY = yOf(from);
    const step = STEP * state.scale;
    const bend = Math.max(step * 0.55, Math.min((x - fromX) / 2, step * 1.6));
    path.setAttribute("d", fromY === y ? `M${fromX} ${y}H${x}` : `M${fromX} ${fromY}C${fromX + bend} ${fromY} ${x - bend} ${y} ${x} ${y}`);
  }
}

function drawLegend() {
  const kinds = [
    ["change", "", "change"],
    ["control", "", "control"],
    ["checkpoint", "", "checkpoint"],
    ["change", "head", "head: nothing comes after it"],
    ["change", "stub", "stub: bytes given up for a checkpoint"],
    ["change", "void", "void: kept, without effect"],
    ["change", "waiting", "waits for something"],
  ];
  for (const [kind, mark, meaning] of kinds) {
    const isThere = mark === "head" || (mark ? nodes.some((node) => node.mark === mark) : nodes.some((node) => shapeKind(node) === kind));
    if (!isThere) continue;
    const item = html("li", "", by("legend"));
    const picture = svg("svg", { viewBox: "-13 -13 26 26", "aria-hidden": "true" }, item);
    drawShape({ kind, mark }, svg("g", { class: `node c0 ${mark}` }, picture));
    html("span", meaning, item);
  }
}

function shapeKind(node) {
  if (node.kind === "settled") return "checkpoint";
  return node.kind === "change" || node.kind === "checkpoint" ? node.kind : "control";
}
