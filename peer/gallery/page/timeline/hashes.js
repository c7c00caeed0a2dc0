// A picture from the 30 bytes of a ThumbHash: at once, without any request.

import { thumbHashToAverageRGBA, thumbHashToDataURL } from '../vendor/thumbhash.js';

const KEPT = 1_500;
const SHORTEST = 5;
const pictures = new Map();

/** The colour that all of it has on average, for CSS; '' when the hash is missing, or no hash at all. */
export function colorOfHash(text) {
  const bytes = parse(text);
  if (!bytes) return '';
  const { r, g, b } = thumbHashToAverageRGBA(bytes);
  const [red, green, blue] = [r, g, b].map((part) => Math.round(part * 255));
  return `rgb(${red} ${green} ${blue})`;
}

/** The picture as an image for CSS; '' when there is none. */
export function pictureOfHash(text) {
  let found = pictures.get(text);
  if (found === undefined) {
    const bytes = parse(text);
    found = bytes ? `url("${thumbHashToDataURL(bytes)}")` : '';
    pictures.set(text, found);
    if (pictures.size > KEPT) pictures.delete(pictures.keys().next().value);
  }
  return found;
}

function parse(text) {
  if (!text) return null;
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return bytes.length < SHORTEST ? null : bytes;
  } catch {
    return null; // Whoever wrote it, it is decoration: the thumbnail follows.
  }
}
