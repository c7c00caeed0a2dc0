// Justified rows. Pure: numbers in, boxes out.
//
// A row of photos that all have the height h is as wide as h times the sum of their ratios (width / height), and the gaps; so for each set of
// neighbours there is exactly one h with which they fill the width. Where rows are best broken is found as text is broken into lines
// (D. E. Knuth, M. F. Plass: Breaking paragraphs into lines, 1981): every break is a node, a row is an edge that costs the square of how far,
// as a factor, its height is from the wanted one, and the cheapest path wins. So no row is extreme because the one before it was greedy.
//
// The last row of a day keeps the wanted height and stays ragged. Days that need less than a row stand beside each other.

/** Ratios outside are cropped by the box that shows them, never squeezed. */
export const NARROWEST = 0.4;
const LOWEST = 0.5;
const FLATTEST = 0.25;
const HIGHEST = 1.9;
const STRETCH = 1.18;
const SQUEEZE = 0.88;
const TITLE_HEIGHT = 34;
const SECTION_HEIGHT = 58;
const DAY_GAP = 14;
const DAY_GAP_ASIDE = 20;
const SECTION_GAP = 22;
const USUAL_RATIO = 1.4;
const USUAL_PER_DAY = 12;

/** The ratio that a photo is laid out with: one that isn't known is a square, extremes are limited so that every row can be seen. */
export function shownRatio(width, height, geometry) {
  const ratio = width > 0 && height > 0 ? width / height : 1;
  const widest = geometry.width / (geometry.target * LOWEST);
  return Math.min(Math.max(ratio, NARROWEST), Math.max(widest, NARROWEST));
}

/**
 * Break `ratios` into rows; gives [{ first, end, height, fills }], heights exact (not rounded).
 * `isClosed`: the last row has to fill the width, too, because the photos go on after it.
 */
export function breakRows(ratios, { width, target, gap }, isClosed = false) {
  const count = ratios.length;
  const costs = new Float64Array(count + 1).fill(Infinity);
  const cameFrom = new Int32Array(count + 1);
  costs[0] = 0;
  for (let first = 0; first < count; first += 1) {
    let sum = 0;
    for (let end = first + 1; end <= count; end += 1) {
      sum += ratios[end - 1];
      const height = (width - gap * (end - first - 1)) / sum;
      const cost = costs[first] + rowCost(height / target, end === count && !isClosed);
      if (cost < costs[end]) {
        costs[end] = cost;
        cameFrom[end] = first;
      }
      if (height < target * FLATTEST) break;
    }
  }
  const rows = [];
  for (let end = count; end > 0; end = cameFrom[end]) rows.push(row(ratios, cameFrom[end], end, { width, target, gap }, end === count, isClosed));
  return rows.reverse();
}

function rowCost(factor, isLast) {
  if (isLast && factor >= 1) return 0;
  const distance = Math.log(factor);
  return distance * distance + (factor > HIGHEST ? 100 : 0);
}

/** One that can't fill the width without being a giant (a lone photo where a day goes on in the next piece) stays ragged. */
function row(ratios, first, end, { width, target, gap }, isLast, isClosed) {
  let sum = 0;
  for (let index = first; index < end; index += 1) sum += ratios[index];
  const height = (width - gap * (end - first - 1)) / sum;
  const fills = !isLast || height <= target * (isClosed ? HIGHEST : 1);
  return { first, end, height: fills ? height : target, fills };
}

/** What a piece of a section looks like. `days`: of each photo, '' where it has none; `ratios`: as of `shownRatio`.
 *
 * `piece`: { isFirst, isLast } of its section, { dayBefore, dayAfter } of the photos around it (null: none); `geometry`: { width, target, gap,
 * hasTitle (the section has a heading), hasDays }. Gives { height, boxes: Int32Array of x, y, width, height for each photo, groups: [{ day, first,
 * end, left, top, width, height, hasTitle }] }; everything from the piece's upper left corner, in whole pixels.
 */
export function layOut(days, ratios, piece, geometry) {
  const boxes = new Int32Array(ratios.length * 4);
  const groups = [];
  let top = piece.isFirst && geometry.hasTitle ? SECTION_HEIGHT : 0;
  for (const line of linesOf(days, ratios, piece, geometry)) {
    if ((groups.length || !piece.isFirst) && line[0].hasTitle) top += DAY_GAP;
    top = placeLine(line, top, ratios, geometry, boxes, groups);
  }
  const height = top + (piece.isLast ? SECTION_GAP : 0);
  return { height, boxes, groups };
}

/** Lines of days: one day of any number of rows, or several days whose photos fit beside each other. */
function linesOf(days, ratios, piece, geometry) {
  const lines = [];
  let room = 0;
  for (const run of runsOf(days, piece, geometry)) {
    const needed = naturalWidth(ratios, run, geometry);
    const isShort = run.hasTitle && !run.isClosed && needed <= geometry.width;
    if (isShort && room && needed + DAY_GAP_ASIDE <= room) {
      lines.at(-1).push(run);
      room -= needed + DAY_GAP_ASIDE;
      continue;
    }
    lines.push([run]);
    room = isShort ? geometry.width / SQUEEZE - needed : 0;
  }
  return lines;
}

/** Photos of one day after each other: one run; all of them are one run where days aren't shown. */
function runsOf(days, piece, geometry) {
  const runs = [];
  const count = days.length;
  for (let first = 0; first < count; ) {
    let end = first + 1;
    while (end < count && (!geometry.hasDays || days[end] === days[first])) end += 1;
    const continues = first === 0 && piece.dayBefore !== null && (!geometry.hasDays || piece.dayBefore === days[0]);
    const isClosed = end === count && piece.dayAfter !== null && (!geometry.hasDays || piece.dayAfter === days[first]);
    runs.push({ first, end, day: days[first], hasTitle: geometry.hasDays && days[first] !== '' && !continues, isClosed });
    first = end;
  }
  return runs;
}

function naturalWidth(ratios, run, { target, gap }) {
  let sum = 0;
  for (let index = run.first; index < run.end; index += 1) sum += ratios[index];
  return sum * target + (run.end - run.first - 1) * gap;
}

function placeLine(line, top, ratios, geometry, boxes, groups) {
  const titleHeight = line[0].hasTitle ? TITLE_HEIGHT : 0;
  if (line.length > 1) return placeBeside(line, top, titleHeight, ratios, geometry, boxes, groups);
  const [run] = line;
  const rows = breakRows(ratios.slice(run.first, run.end), geometry, run.isClosed);
  let y = top + titleHeight;
  let width = 0;
  for (const each of rows) {
    const shifted = { ...each, first: each.first + run.first, end: each.end + run.first };
    width = Math.max(width, placeRow(shifted, 0, y, ratios, geometry, boxes));
    y += Math.round(each.height) + geometry.gap;
  }
  groups.push(groupOf(run, 0, top, Math.max(width, Math.min(geometry.width, 160)), y - geometry.gap - top));
  return y;
}

function placeBeside(line, top, titleHeight, ratios, geometry, boxes, groups) {
  const { width, target, gap } = geometry;
  const natural = line.reduce((sum, run) => sum + naturalWidth(ratios, run, geometry), 0);
  const aside = DAY_GAP_ASIDE * (line.length - 1);
  const gaps = line.reduce((sum, run) => sum + (run.end - run.first - 1) * gap, 0);
  const factor = (width - aside - gaps) / (natural - gaps);
  const height = factor > STRETCH ? target : target * factor;
  let left = 0;
  for (const run of line) {
    const placed = placeRow({ first: run.first, end: run.end, height, fills: false }, left, top + titleHeight, ratios, geometry, boxes);
    groups.push(groupOf(run, Math.round(left), top, placed - Math.round(left), titleHeight + Math.round(height)));
    left += naturalWidth(ratios, run, { target: height, gap }) + DAY_GAP_ASIDE;
  }
  return top + titleHeight + Math.round(height) + gap;
}

const groupOf = (run, left, top, width, height) => ({ day: run.day, first: run.first, end: run.end, hasTitle: run.hasTitle, left, top, width, height });

/** Edges are rounded, not widths: so gaps stay even, and a full row ends exactly at the width. Gives where the row ends. */
function placeRow({ first, end, height, fills }, left, top, ratios, { width, gap }, boxes) {
  let x = left;
  let edge = 0;
  for (let index = first; index < end; index += 1) {
    const from = Math.round(x);
    x += ratios[index] * height;
    edge = fills && index === end - 1 ? width : Math.round(x);
    boxes.set([from, top, edge - from, Math.round(height)], index * 4);
    x += gap;
  }
  return edge;
}

/** How high a piece of `count` photos will be, more or less; the same for the same arguments, so that nothing moves by itself. */
export function estimateHeight(count, piece, geometry) {
  if (!count) return 0;
  const perRow = Math.max((geometry.width + geometry.gap) / (geometry.target * USUAL_RATIO + geometry.gap), 1);
  const days = geometry.hasDays ? Math.min(Math.ceil(count / USUAL_PER_DAY), 31) : 0;
  const rows = Math.max(Math.ceil(count / perRow), 1) + days * 0.35;
  const around = (piece.isFirst && geometry.hasTitle ? SECTION_HEIGHT : 0) + (piece.isLast ? SECTION_GAP : 0);
  return Math.round(rows * (geometry.target + geometry.gap) + days * (TITLE_HEIGHT + DAY_GAP) * 0.7 + around);
}

/** The photo above (`step` -1) or below (1) the one at `index`: of the next row that way the one whose middle is nearest; -1 when there is none. */
export function verticalNeighbour(boxes, index, step) {
  const row = boxes[index * 4 + 1];
  const middle = boxes[index * 4] + boxes[index * 4 + 2] / 2;
  const count = boxes.length / 4;
  let other = index;
  while (other >= 0 && other < count && boxes[other * 4 + 1] === row) other += step;
  return other < 0 || other >= count ? -1 : nearestInRow(boxes, other, step, middle);
}

/** In the row of which `edge` is the first photo met in the direction `step`: the one whose middle is nearest to `middle`. */
export function nearestInRow(boxes, edge, step, middle) {
  const row = boxes[edge * 4 + 1];
  const count = boxes.length / 4;
  let best = edge;
  let least = Infinity;
  for (let index = edge; index >= 0 && index < count && boxes[index * 4 + 1] === row; index += step) {
    const distance = Math.abs(boxes[index * 4] + boxes[index * 4 + 2] / 2 - middle);
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

/** The first photo whose box ends below `y`; the number of photos when there is none. Rows go down, so this is a binary search. */
export function firstBelow(boxes, y) {
  let low = 0;
  let high = boxes.length / 4;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (boxes[middle * 4 + 1] + boxes[middle * 4 + 3] <= y) low = middle + 1;
    else high = middle;
  }
  return low;
}
