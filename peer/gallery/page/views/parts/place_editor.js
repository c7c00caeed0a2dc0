// Where photos were taken: written or pasted as coordinates or as a link to a map, or shown on a map that is drawn here, so that nobody else is asked.

import { showSheet } from '../../dialogs.js';
import { countOf } from '../../lib/format.js';
import { html, useMemo, useRef, useState } from '../../lib/html.js';
import { coordinates } from '../../viewer/facts.js';
import { COASTS, pathOf, placed, unplaced, WORLD } from '../../viewer/world.js';
import { coordinatesIn, coordinatesText } from './coordinates.js';

const CLOSEST = 12;

/** The assignments that were chosen for `rows`, or null. `known`: [latitude, longitude] that is shown at first, or null. */
export function editPlace(rows, known = null) {
  const title = rows.length === 1 ? 'Place' : `Place of ${countOf(rows.length, 'photo')}`;
  return showSheet(title, (close) => html`<${Form} known=${known} close=${close} />`);
}

function Form({ known, close }) {
  const [typed, setTyped] = useState(known ? coordinatesText(known) : '');
  const place = coordinatesIn(typed);
  const isWrong = typed.trim() !== '' && !place;
  const submit = (event) => {
    event.preventDefault();
    if (place) close([`location=${coordinatesText(place)}`]);
  };
  return html`
    <form onSubmit=${submit}>
      <label>
        Coordinates, or a link to a map
        <input class="field" value=${typed} placeholder="59.33, 18.06" autocomplete="off" autofocus aria-invalid=${isWrong} aria-describedby="place-said" onInput=${(event) => setTyped(event.target.value)} />
      </label>
      <${Map} place=${place} choose=${(chosen) => setTyped(coordinatesText(chosen))} />
      <p id="place-said" class="soft small" role="status">${place ? coordinates(place) : isWrong ? 'This isn’t understood yet. Write latitude and longitude in degrees.' : 'Or point at it on the map.'}</p>
      <div class="sheet-actions">
        <button type="button" class="button quiet sheet-left" onClick=${() => close(['location=none'])}>As in the file</button>
        <button type="button" class="button" onClick=${() => close()}>Cancel</button>
        <button class="button primary" disabled=${!place}>Save</button>
      </div>
    </form>
  `;
}

/** For pointers; with keys places are written. Each choice comes closer, so that a few of them are exact. */
function Map({ place, choose }) {
  const land = useMemo(() => COASTS.map(pathOf).join(''), []);
  const [closer, setCloser] = useState(place ? 4 : 1);
  const drawing = useRef(null);
  const point = place && placed(...place);
  const view = viewAround(point, closer);
  const onClick = (event) => {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.current.getScreenCTM().inverse());
    choose(unplaced({ x, y }));
    setCloser(Math.min(closer * 2, CLOSEST));
  };
  return html`
    <div class="place-map" aria-hidden="true">
      <svg class="map" viewBox=${view.join(' ')} ref=${drawing} onClick=${onClick}>
        <path class="map-land" d=${land} />
        <path class="map-land" d=${land} transform=${`translate(${-WORLD.width} 0)`} />
        ${point && html`<circle class="map-halo" cx=${point.x} cy=${point.y} r=${12 / closer} /><circle class="map-point" cx=${point.x} cy=${point.y} r=${5 / closer} />`}
      </svg>
      ${closer > 1 && html`<button type="button" class="button" tabindex="-1" onClick=${() => setCloser(1)}>Whole world</button>`}
    </div>
  `;
}

function viewAround(point, closer) {
  const [width, height] = [WORLD.width / closer, WORLD.height / closer];
  if (!point) return [0, 0, WORLD.width, WORLD.height];
  const within = (value, size, most) => Math.min(Math.max(value - size / 2, 0), most - size);
  return [within(point.x, width, WORLD.width), within(point.y, height, WORLD.height), width, height];
}
