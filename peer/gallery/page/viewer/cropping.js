// The frame of a crop, moved and resized by hand. Pure.
//
// Two planes are at work. In the picture's own, a frame is its middle (x, y) and its width and height in pixels, turned by `angle` (radians, clockwise)
// about its middle; it is a crop of the same numbers when it also lies inside of the picture unturned. On the screen the frame stands straight, flipped
// and turned by quarters: there, things are told as offsets from its middle. All frames that fit are a convex set, so between one that fits and one that
// doesn't there is exactly one border, and halving finds it.

const HALVINGS = 24;
const ALMOST = 1e-6;
const DIGITS = 1e6;
const LEAST = 0.02;

/** The frame that is seen of a crop: the crop itself, or smaller by as much as the turned one would stand out. */
export function frameOfCrop({ width, height }, [left, top, across, down], angle) {
  const frame = { x: (left + across / 2) * width, y: (top + down / 2) * height, width: across * width, height: down * height };
  return angle ? largest({ width, height }, frame, angle) : frame;
}

/** The crop that shows a frame: fractions, of six digits, never reaching beyond the picture. */
export function cropOfFrame({ width, height }, frame) {
  const rounded = (value) => Math.round(value * DIGITS) / DIGITS;
  const part = (middle, length, all) => {
    const start = Math.min(Math.max(rounded((middle - length / 2) / all), 0), 1 - 1 / DIGITS);
    return [start, Math.max(Math.min(rounded(length / all), rounded(1 - start)), 1 / DIGITS)];
  };
  const [left, across] = part(frame.x, frame.width, width);
  const [top, down] = part(frame.y, frame.height, height);
  return [left, top, across, down];
}

/** Whether a frame lies inside of the picture, both turned and not. */
export function fits({ width, height }, frame, angle) {
  const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
  const across = Math.max(frame.width * cos + frame.height * sin, frame.width) / 2;
  const down = Math.max(frame.width * sin + frame.height * cos, frame.height) / 2;
  return frame.x >= across - ALMOST && frame.x <= width - across + ALMOST && frame.y >= down - ALMOST && frame.y <= height - down + ALMOST;
}

/** About the same middle and in the same proportions, as large as it can be, but no larger than `frame`. */
function largest(size, frame, angle) {
  const scaled = (scale) => ({ ...frame, width: frame.width * scale, height: frame.height * scale });
  return farthest((share) => scaled(share || ALMOST), size, angle);
}

/** The last of `between(0)` … `between(1)` that fits; the first one has to. */
function farthest(between, size, angle) {
  if (fits(size, between(1), angle)) return between(1);
  let [good, bad] = [0, 1];
  for (let step = 0; step < HALVINGS; step += 1) {
    const middle = (good + bad) / 2;
    if (fits(size, between(middle), angle)) good = middle;
    else bad = middle;
  }
  return between(good);
}

/** An offset of the picture's plane as the screen shows it: flipped, then turned by quarters clockwise. */
export function onScreen({ x, y }, { flip, rotate }) {
  const [across, down] = [flip.includes('h') ? -x : x, flip.includes('v') ? -y : y];
  return [{ x: across, y: down }, { x: -down, y: across }, { x: -across, y: -down }, { x: down, y: -across }][rotate / 90];
}

/** The way back. */
export function offScreen({ x, y }, { flip, rotate }) {
  const turned = [{ x, y }, { x: y, y: -x }, { x: -x, y: -y }, { x: -y, y: x }][rotate / 90];
  return { x: flip.includes('h') ? -turned.x : turned.x, y: flip.includes('v') ? -turned.y : turned.y };
}

/** An offset along the sides of a turned frame as one of the picture. */
export function inPicture({ x, y }, angle) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return { x: x * cos + y * sin, y: -x * sin + y * cos };
}

/** The way back. */
export function alongFrame({ x, y }, angle) {
  return inPicture({ x, y }, -angle);
}

export const isUpended = ({ rotate }) => rotate % 180 !== 0;

/** The picture is pushed below the frame by `offset` (of the screen, in pixels of the picture): as far as it goes, along either side. */
export function pushed(size, frame, angle, look, offset) {
  let found = frame;
  for (const part of [{ x: offset.x, y: 0 }, { x: 0, y: offset.y }]) {
    const by = inPicture(offScreen(part, look), angle);
    const from = found;
    found = farthest((share) => ({ ...from, x: from.x - by.x * share, y: from.y - by.y * share }), size, angle);
  }
  return found;
}

/**
 * Sides of the frame are drawn by `offset` (as in `pushed`): `sides.x` -1 the left one, 1 the right one, 0 neither; `sides.y` likewise.
 * `ratio` (width by height on the screen): kept, or null.
 */
export function drawn(size, frame, angle, look, sides, offset, ratio) {
  const [width, height] = isUpended(look) ? [frame.height, frame.width] : [frame.width, frame.height];
  const least = LEAST * Math.min(size.width, size.height);
  const goals = ratio ? [kept(width, height, sides, offset, ratio, least)] : free(width, height, sides, offset, least);
  let found = { frame, width, height };
  for (const goal of goals) {
    const from = found;
    const at = (share) => between(from, { width: goal.width ?? from.width, height: goal.height ?? from.height }, sides, share);
    const made = (share) => toFrame(at(share), angle, look);
    const last = farthest(made, size, angle);
    found = { frame: last, ...(isUpended(look) ? { width: last.height, height: last.width } : { width: last.width, height: last.height }) };
  }
  return found.frame;
}

/** Each side by itself, so that one at the border doesn't hold the other. */
function free(width, height, sides, offset, least) {
  return [{ width: Math.max(width + sides.x * offset.x, least) }, { height: Math.max(height + sides.y * offset.y, least) }];
}

function kept(width, height, sides, offset, ratio, least) {
  const [across, down] = [width + sides.x * offset.x, height + sides.y * offset.y];
  const wanted = sides.x && sides.y ? Math.max(across, down * ratio) : sides.x ? across : down * ratio;
  const wide = Math.max(wanted, least, least * ratio);
  return { width: wide, height: wide / ratio };
}

/** A share of the way from one size to another; the sides that aren't drawn stay, those of a kept ratio grow about their middle. */
function between({ frame, width, height }, goal, sides, share) {
  const [across, down] = [(goal.width - width) * share, (goal.height - height) * share];
  return { frame, width: width + across, height: height + down, offset: { x: (sides.x * across) / 2, y: (sides.y * down) / 2 } };
}

function toFrame({ frame, width, height, offset }, angle, look) {
  const by = inPicture(offScreen(offset, look), angle);
  const [across, down] = isUpended(look) ? [height, width] : [width, height];
  return { x: frame.x + by.x, y: frame.y + by.y, width: across, height: down };
}

/** About the same middle with another ratio (on the screen) and the same area, or smaller where that doesn't fit. */
export function withRatio(size, frame, angle, look, ratio) {
  const wanted = isUpended(look) ? 1 / ratio : ratio;
  const width = Math.sqrt(frame.width * frame.height * wanted);
  return largest(size, { ...frame, width, height: width / wanted }, angle);
}
