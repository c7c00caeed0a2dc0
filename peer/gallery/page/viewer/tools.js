// The tools of the edit mode: sliders, filters, and what goes with a crop.

import { Icon } from '../icons.js';
import { html, useEffect, useRef } from '../lib/html.js';
import { draw } from './darkroom.js';
import { FILTERS, recoloured } from './pixels.js';

const HALF = 50;
const MOST_TURNED = 45;

const GROUPS = [
  ['Light', ['exposure', 'contrast', 'highlights', 'shadows']],
  ['Colour', ['temperature', 'tint', 'saturation']],
  ['Effect', ['vignette']],
];

/** [name, ratio of width to height; null: free, 'original': that of the picture]. */
export const RATIOS = [
  ['Free', null],
  ['Original', 'original'],
  ['1 : 1', 1],
  ['4 : 3', 4 / 3],
  ['3 : 2', 3 / 2],
  ['16 : 9', 16 / 9],
  ['3 : 4', 3 / 4],
  ['2 : 3', 2 / 3],
  ['9 : 16', 9 / 16],
];

export const TABS = [
  ['adjust', 'Adjust', 'sliders'],
  ['filters', 'Filters', 'filters'],
  ['crop', 'Crop', 'crop'],
];

const titled = (name) => name[0].toUpperCase() + name.slice(1);

/** A slider about a middle of 0; a double click, or the button with its value, puts it back. */
export function Slider({ name, value, most = 100, step = 1, unit = '', onChange }) {
  const share = HALF + (value / most) * HALF;
  const style = { '--from': `${Math.min(share, HALF)}%`, '--to': `${Math.max(share, HALF)}%` };
  const text = `${value > 0 ? '+' : value < 0 ? '−' : ''}${Math.abs(value)}${unit}`;
  return html`
    <div class=${value ? 'slider changed' : 'slider'}>
      <label>
        <span>${titled(name)}</span>
        <input type="range" min=${-most} max=${most} step=${step} value=${value} style=${style} aria-valuetext=${text}
          onInput=${(event) => onChange(Number(event.target.value))} onDblClick=${() => onChange(0)} />
      </label>
      <button type="button" class="slider-value" disabled=${!value} aria-label=${`Put ${name} back to 0`} title="Put back" onClick=${() => onChange(0)}>${text}</button>
    </div>
  `;
}

export function AdjustTools({ parameters, change }) {
  return html`
    ${GROUPS.map(
      ([title, names]) => html`
        <section class="tool-group" key=${title}>
          <h3>${title}</h3>
          ${names.map((name) => html`<${Slider} key=${name} name=${name} value=${parameters[name]} onChange=${(value) => change({ [name]: value })} />`)}
          ${title === 'Colour' &&
          html`
            <label class="switch-line">
              <span>Black and white</span>
              <input type="checkbox" role="switch" checked=${parameters.monochrome} onChange=${(event) => change({ monochrome: event.target.checked })} />
            </label>
          `}
        </section>
      `,
    )}
  `;
}

/** `sample`: a small picture, in the frame that is seen. */
export function FilterTools({ parameters, sample, change }) {
  return html`
    <div class="filters" role="group" aria-label="Filter">
      ${['', ...FILTERS.keys()].map((name) => html`<${FilterChoice} key=${name} name=${name} isChosen=${parameters.filter === name} parameters=${parameters} sample=${sample} choose=${() => change({ filter: name })} />`)}
    </div>
  `;
}

function FilterChoice({ name, isChosen, parameters, sample, choose }) {
  const canvas = useRef(null);
  useEffect(() => {
    if (sample) draw(canvas.current, recoloured(sample, { ...parameters, filter: name }));
  }, [sample, JSON.stringify({ ...parameters, filter: '' })]);
  return html`
    <button type="button" aria-pressed=${String(isChosen)} class="filter" onClick=${choose}>
      <canvas ref=${canvas} aria-hidden="true"></canvas><span>${name ? titled(name) : 'None'}</span>
    </button>
  `;
}

export function CropTools({ parameters, ratio, run, change }) {
  const isMirrored = parameters.flip.length === 1;
  const turned = isMirrored ? -parameters.straighten : parameters.straighten;
  return html`
    <section class="tool-group">
      <${Slider} name="straighten" value=${turned} most=${MOST_TURNED} step=${0.1} unit="°" onChange=${(value) => change({ straighten: isMirrored ? -value || 0 : value })} />
      <div class="tool-row">
        <button type="button" class="tool-button" onClick=${() => run('rotate')}><${Icon} name="rotate-left" /><span>Rotate</span></button>
        <button type="button" class="tool-button" onClick=${() => run('flip', 'h')}><${Icon} name="flip-across" /><span>Flip</span></button>
        <button type="button" class="tool-button" onClick=${() => run('flip', 'v')}><${Icon} name="flip-down" /><span>Flip down</span></button>
      </div>
    </section>
    <section class="tool-group">
      <h3>Proportions</h3>
      <div class="ratios" role="group" aria-label="Proportions">
        ${RATIOS.map(([name, value]) => html`<button type="button" aria-pressed=${String(ratio === value)} class="chip" key=${name} onClick=${() => run('ratio', value)}>${name}</button>`)}
      </div>
    </section>
  `;
}
