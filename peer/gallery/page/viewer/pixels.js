// What edits mean, as the peers render them (PROTOCOL.md section 6.5), for pictures in the browser. Pure: numbers in, numbers out.
//
// A picture is { width, height, data }: rows of pixels of four bytes each, upright and in sRGB, as a canvas gives them. The steps and their order:
//   geometry   crop, straighten (cubic convolution with the parameter -1), flip, rotate                `reframed`
//   channels   white balance and exposure in linear light, highlights, shadows, contrast: one table of 256 values for each channel
//   mixtures   saturation, monochrome, filter, vignette, limited to [0, 1] after each                   `recoloured`
// Given the same pixels, the result differs from that of a peer by at most 1 of 255 in any channel; tests/page/pixels.test.js holds it to that.
// Pixels that are seen through keep their colour unweighted here where a peer weighs it by how much is seen.

export const SLIDERS = ['exposure', 'contrast', 'highlights', 'shadows', 'temperature', 'tint', 'saturation', 'vignette'];

const LUMA = [0.2126, 0.7152, 0.0722];
const EXPOSURE_STOPS = 2;
const TEMPERATURE_STOPS = 0.5;
const TINT_STOPS = 0.3;
const VIGNETTE_SHARE = 0.75;
const ALMOST = 1e-9;
const CHANNELS = 4;

const saturating = (amount, scale = 1) =>
  [0, 1, 2].map((channel) => LUMA.map((share, other) => scale * ((1 + amount) * Number(channel === other) - amount * share)));
const diagonal = (red, green, blue) => [[red, 0, 0], [0, green, 0], [0, 0, blue]];

export const FILTERS = new Map([
  ['vivid', { matrix: saturating(0.3), offset: 0, contrast: 0.25 }],
  ['warm', { matrix: diagonal(1.06, 1, 0.9), offset: 0, contrast: 0 }],
  ['cool', { matrix: diagonal(0.92, 1, 1.08), offset: 0, contrast: 0 }],
  ['dramatic', { matrix: saturating(-0.2), offset: 0, contrast: 0.8 }],
  ['fade', { matrix: saturating(-0.25, 0.86), offset: 0.1, contrast: 0 }],
  ['sepia', { matrix: [[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], offset: 0, contrast: 0 }],
  ['mono', { matrix: saturating(-1), offset: 0, contrast: 0 }],
  ['noir', { matrix: saturating(-1), offset: 0, contrast: 0.6 }],
]);

export const NEUTRAL = Object.freeze({
  crop: Object.freeze([0, 0, 1, 1]),
  straighten: 0,
  flip: '',
  rotate: 0,
  ...Object.fromEntries(SLIDERS.map((name) => [name, 0])),
  monochrome: false,
  filter: '',
});

/** The parameters of a record (sliders -100 to 100, `rotate` in degrees), as all functions here take them; what isn't understood is left out. */
export function understood(edits) {
  const within = (value, most) => (Number.isFinite(value) && Math.abs(value) <= most ? value : 0);
  const isCrop = Array.isArray(edits.crop) && edits.crop.length === 4 && edits.crop.every(Number.isFinite);
  return {
    crop: isCrop ? edits.crop : NEUTRAL.crop,
    straighten: within(edits.straighten, 45),
    flip: ['h', 'v', 'hv'].includes(edits.flip) ? edits.flip : '',
    rotate: [90, 180, 270].includes(edits.rotate) ? edits.rotate : 0,
    ...Object.fromEntries(SLIDERS.map((name) => [name, within(edits[name], 100)])),
    monochrome: edits.monochrome === true,
    filter: FILTERS.has(edits.filter) ? edits.filter : '',
  };
}

/** `picture` as edited: what a peer renders. */
export function rendered(picture, parameters) {
  return recoloured(reframed(picture, parameters), parameters);
}

// Geometry

/** What crop and straighten leave: { x, y } its middle, { width, height } in pixels, turned clockwise by `angle` (radians) about the middle. */
export function frameOf({ width, height }, { crop, straighten }) {
  const [left, right] = span(crop[0], crop[2], width);
  const [top, bottom] = span(crop[1], crop[3], height);
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const angle = (straighten * Math.PI) / 180;
  const scale = angle ? scaleInside({ width, height }, { x, y, width: right - left, height: bottom - top }, angle) : 1;
  return {
    x,
    y,
    width: Math.max(1, Math.floor(scale * (right - left) + ALMOST)),
    height: Math.max(1, Math.floor(scale * (bottom - top) + ALMOST)),
    angle,
  };
}

/** Width and height as looked at, after all geometry. */
export function shownSize(size, parameters) {
  const { width, height } = frameOf(size, parameters);
  return parameters.rotate % 180 ? { width: height, height: width } : { width, height };
}

function span(start, length, pixels) {
  const first = Math.min(Math.floor(start * pixels + 0.5), pixels - 1);
  return [first, Math.min(Math.max(Math.floor((start + length) * pixels + 0.5), first + 1), pixels)];
}

function scaleInside(size, crop, angle) {
  const [cos, sin] = [Math.abs(Math.cos(angle)), Math.abs(Math.sin(angle))];
  const across = (crop.width * cos + crop.height * sin) / 2;
  const down = (crop.width * sin + crop.height * cos) / 2;
  return Math.min(1, Math.min(crop.x, size.width - crop.x) / across, Math.min(crop.y, size.height - crop.y) / down);
}

/** `picture` after crop, straighten, flip and rotate; itself when nothing of that is asked for. */
export function reframed(picture, parameters) {
  const frame = frameOf(picture, parameters);
  const isWhole = !frame.angle && frame.width === picture.width && frame.height === picture.height;
  return turned(isWhole ? picture : frame.angle ? straightened(picture, frame) : cropped(picture, frame), parameters);
}

function cropped(picture, frame) {
  const made = blank(frame.width, frame.height);
  const left = Math.round(frame.x - frame.width / 2);
  const top = Math.round(frame.y - frame.height / 2);
  for (let row = 0; row < frame.height; row += 1) {
    const from = ((top + row) * picture.width + left) * CHANNELS;
    made.data.set(picture.data.subarray(from, from + frame.width * CHANNELS), row * frame.width * CHANNELS);
  }
  return made;
}

/** Each sample lies between 4 × 4 pixels; those beyond the border are the ones at it. */
function straightened(picture, frame) {
  const made = blank(frame.width, frame.height);
  const [cos, sin] = [Math.cos(frame.angle), Math.sin(frame.angle)];
  const across = new Float64Array(4);
  const down = new Float64Array(4);
  const columns = new Int32Array(4);
  let to = 0;
  for (let j = 0; j < frame.height; j += 1) {
    const v = j + 0.5 - frame.height / 2;
    for (let i = 0; i < frame.width; i += 1) {
      const u = i + 0.5 - frame.width / 2;
      const x = frame.x + u * cos + v * sin - 0.5;
      const y = frame.y - u * sin + v * cos - 0.5;
      const column = Math.floor(x);
      const row = Math.floor(y);
      weigh(across, x - column);
      weigh(down, y - row);
      for (let k = 0; k < 4; k += 1) columns[k] = limited(column + k - 1, picture.width) * CHANNELS;
      for (let channel = 0; channel < CHANNELS; channel += 1) {
        let total = 0;
        for (let k = 0; k < 4; k += 1) {
          const line = limited(row + k - 1, picture.height) * picture.width * CHANNELS + channel;
          const { data } = picture;
          total += down[k] * (across[0] * data[line + columns[0]] + across[1] * data[line + columns[1]] + across[2] * data[line + columns[2]] + across[3] * data[line + columns[3]]);
        }
        made.data[to + channel] = total <= 0 ? 0 : total >= 255 ? 255 : Math.trunc(total + ALMOST);
      }
      to += CHANNELS;
    }
  }
  return made;
}

/** What the four neighbours of a sample count: cubic convolution with the parameter -1, `d` behind the second. */
function weigh(weights, d) {
  const [square, cube] = [d * d, d * d * d];
  weights[0] = -d + 2 * square - cube;
  weights[1] = 1 - 2 * square + cube;
  weights[2] = d + square - cube;
  weights[3] = -square + cube;
}

const limited = (value, count) => (value < 0 ? 0 : value >= count ? count - 1 : value);

/** Flip, then quarter turns clockwise. */
function turned(picture, { flip, rotate }) {
  const quarters = rotate / 90;
  if (!flip && !quarters) return picture;
  const { width, height } = picture;
  const isUpended = quarters % 2 === 1;
  const made = blank(isUpended ? height : width, isUpended ? width : height);
  const source = new Uint32Array(picture.data.buffer, picture.data.byteOffset, width * height);
  const target = new Uint32Array(made.data.buffer);
  const [mirrorsAcross, mirrorsDown] = [flip.includes('h'), flip.includes('v')];
  for (let y = 0; y < height; y += 1) {
    const down = mirrorsDown ? height - 1 - y : y;
    for (let x = 0; x < width; x += 1) {
      const across = mirrorsAcross ? width - 1 - x : x;
      const place = [down * width + across, across * height + height - 1 - down, (height - 1 - down) * width + width - 1 - across, (width - 1 - across) * height + down][quarters];
      target[place] = source[y * width + x];
    }
  }
  return made;
}

const blank = (width, height) => ({ width, height, data: new Uint8ClampedArray(width * height * CHANNELS) });

// Colours

/** `picture` in its new colours, a new one; itself when nothing is asked for. Alpha stays. */
export function recoloured(picture, parameters) {
  if (!changesColours(parameters)) return picture;
  const tables = [0, 1, 2].map((channel) => channelTable(parameters, channel));
  return mixes(parameters) ? mixed(picture, tables, parameters) : looked(picture, tables);
}

function changesColours(parameters) {
  return mixes(parameters) || ['exposure', 'temperature', 'tint', 'highlights', 'shadows', 'contrast'].some((name) => parameters[name]);
}

const mixes = ({ saturation, monochrome, filter, vignette }) => Boolean(saturation || monochrome || filter || vignette);

/** What each of the 256 values of a channel (0 red, 1 green, 2 blue) becomes, in [0, 1]. */
function channelTable(parameters, channel) {
  const gain = whiteBalance(parameters)[channel] * 2 ** ((EXPOSURE_STOPS * parameters.exposure) / 100);
  const [highlights, shadows, contrast] = [parameters.highlights / 100, parameters.shadows / 100, parameters.contrast / 100];
  return Float64Array.from({ length: 256 }, (_, value) => {
    let v = value / 255;
    if (gain !== 1) v = encoded(Math.min(decoded(v) * gain, 1));
    v += highlights * v * v * (1 - v);
    v += shadows * v * (1 - v) ** 2;
    return unit(withContrast(v, contrast));
  });
}

function whiteBalance({ temperature, tint }) {
  const gains = [2 ** ((TEMPERATURE_STOPS * temperature) / 100), 2 ** ((-TINT_STOPS * tint) / 100), 2 ** ((-TEMPERATURE_STOPS * temperature) / 100)];
  const luminance = weighted(gains, LUMA);
  return temperature || tint ? gains.map((gain) => gain / luminance) : [1, 1, 1];
}

const decoded = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
const encoded = (v) => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055);
const withContrast = (v, amount) => v + amount * (3 * v * v - 2 * v * v * v - v);
const unit = (v) => (v < 0 ? 0 : v > 1 ? 1 : v);
const weighted = (values, weights) => values[0] * weights[0] + values[1] * weights[1] + values[2] * weights[2];
const toByte = (v) => Math.floor(255 * v + 0.5);

/** When no channel depends on another. */
function looked(picture, tables) {
  const [reds, greens, blues] = tables.map((table) => Uint8Array.from(table, toByte));
  const made = blank(picture.width, picture.height);
  const { data } = picture;
  for (let at = 0; at < data.length; at += CHANNELS) {
    made.data[at] = reds[data[at]];
    made.data[at + 1] = greens[data[at + 1]];
    made.data[at + 2] = blues[data[at + 2]];
    made.data[at + 3] = data[at + 3];
  }
  return made;
}

/** One loop over plain numbers: a megapixel has to take no longer than a few frames. */
function mixed(picture, [reds, greens, blues], parameters) {
  const made = blank(picture.width, picture.height);
  const { data } = picture;
  const mixtures = matricesOf(parameters);
  const shade = parameters.vignette ? shadeOf(picture, parameters.vignette / 100) : null;
  for (let at = 0, number = 0; at < data.length; at += CHANNELS, number += 1) {
    let red = reds[data[at]];
    let green = greens[data[at + 1]];
    let blue = blues[data[at + 2]];
    for (const { m, offset, contrast } of mixtures) {
      const r = unit(m[0] * red + m[1] * green + m[2] * blue + offset);
      const g = unit(m[3] * red + m[4] * green + m[5] * blue + offset);
      const b = unit(m[6] * red + m[7] * green + m[8] * blue + offset);
      red = contrast ? unit(withContrast(r, contrast)) : r;
      green = contrast ? unit(withContrast(g, contrast)) : g;
      blue = contrast ? unit(withContrast(b, contrast)) : b;
    }
    const light = shade ? shade(number) : 1;
    made.data[at] = toByte(unit(red * light));
    made.data[at + 1] = toByte(unit(green * light));
    made.data[at + 2] = toByte(unit(blue * light));
    made.data[at + 3] = data[at + 3];
  }
  return made;
}

/** Saturation, monochrome and filter are each a matrix (by rows), what is added, and a contrast. */
function matricesOf({ saturation, monochrome, filter }) {
  const steps = [];
  if (saturation) steps.push({ matrix: saturating(saturation / 100), offset: 0, contrast: 0 });
  if (monochrome) steps.push({ matrix: saturating(-1), offset: 0, contrast: 0 });
  if (filter) steps.push(FILTERS.get(filter));
  return steps.map(({ matrix, offset, contrast }) => ({ m: Float64Array.from(matrix.flat()), offset, contrast }));
}

/** By what each pixel is multiplied: 1 in the middle, changed by the fourth power of the distance from it. */
function shadeOf({ width, height }, amount) {
  const squares = (count) => Float64Array.from({ length: count }, (_, place) => (((place + 0.5) / count) * 2 - 1) ** 2);
  const [across, down] = [squares(width), squares(height)];
  return (number) => {
    const squared = (across[number % width] + down[Math.floor(number / width)]) / 2;
    return 1 - VIGNETTE_SHARE * amount * squared * squared;
  };
}
