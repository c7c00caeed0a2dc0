// A small map of the world with one place on it, drawn here: nobody is asked for tiles, so nobody learns where photos were taken.

import { html, useMemo } from '../lib/html.js';
import { coordinates } from './facts.js';
import { COASTS, WORLD, pathOf, placed } from './world.js';

const CLOSER = 3.2;
const LINES = [-30, 0, 30, 60];

let land = '';

/** `place`: [latitude, longitude, altitude?]. Shows the part of the world around it, and the whole in a corner. */
export function WorldMap({ place, name }) {
  land ||= COASTS.map(pathOf).join('');
  const point = placed(place[0], place[1]);
  const view = useMemo(() => viewAround(point), [point.x, point.y]);
  return html`
    <svg class="map" viewBox=${view.join(' ')} role="img" aria-label=${`Map of the world: ${name || coordinates(place)}`}>
      ${LINES.map((latitude) => html`<path class="map-line" d=${`M-20 ${placed(latitude, 0).y}H${WORLD.width + 20}`} />`)}
      <path class="map-land" d=${land} />
      <path class="map-land" d=${land} transform=${`translate(${-WORLD.width} 0)`} />
      <circle class="map-halo" cx=${point.x} cy=${point.y} r="5.5" />
      <circle class="map-point" cx=${point.x} cy=${point.y} r="2.2" />
    </svg>
  `;
}

/** A third of the world, the place in its middle as far as the poles allow. */
function viewAround({ x, y }) {
  const [width, height] = [WORLD.width / CLOSER, WORLD.height / CLOSER];
  const left = Math.min(Math.max(x - width / 2, 0), WORLD.width - width);
  return [left, Math.min(Math.max(y - height / 2, 0), WORLD.height - height), width, height];
}
