// What was found for what was typed, narrowed on demand.

import { icon } from '../icons.js';
import { query } from '../lib/api.js';
import { countOf } from '../lib/format.js';
import { html, render } from '../lib/html.js';
import { mount as mountTimeline } from './timeline.js';

const FILTERS = [
  ['favorite', '1', 'Favourites'],
  ['kind', 'photo', 'Photos'],
  ['kind', 'video', 'Videos'],
  ['hidden', '1', 'Hidden'],
];

export async function mount(element, context) {
  const heading = document.createElement('div');
  heading.className = 'search-head';
  let parameters = viewOf(context.parameters);
  let count = null;
  const draw = () => render(html`<${Head} parameters=${parameters} count=${count} navigate=${context.navigate} />`, heading);
  draw();
  const shown = await mountTimeline(element, context, { view: parameters, heading, empty: nothing() });
  shown.onLoaded((total) => {
    count = total;
    draw();
  });
  return Object.assign(
    () => {
      shown();
      render(null, heading);
    },
    {
      grid: shown.grid,
      follow: (given) => {
        parameters = viewOf(given);
        count = null;
        draw();
        return shown.update({ view: parameters });
      },
    },
  );
}

function Head({ parameters, count, navigate }) {
  const toggle = (name, value) => {
    const isOn = parameters[name] === value;
    const { [name]: _, ...rest } = parameters;
    navigate(`/search${query(isOn ? rest : { ...rest, [name]: value })}`, { replace: true });
  };
  return html`
    <h1 class="visually-hidden">Search</h1>
    <p class="soft" role="status">${count === null ? 'Looking …' : `${countOf(count, 'photo')} found`}</p>
    <div class="chip-row" role="group" aria-label="Only">
      ${FILTERS.map(
        ([name, value, title]) => html`
          <button type="button" class="chip" aria-pressed=${parameters[name] === value} onClick=${() => toggle(name, value)}>${title}</button>
        `,
      )}
    </div>
  `;
}

function viewOf({ query: text = '', favorite, kind, hidden }) {
  return Object.fromEntries(Object.entries({ query: text, favorite, kind, hidden }).filter(([, value]) => value !== undefined));
}

function nothing() {
  const element = document.createElement('div');
  element.className = 'empty';
  const title = document.createElement('h2');
  title.textContent = 'Nothing found';
  const text = document.createElement('p');
  text.textContent = 'Every word has to begin a word of the caption, a keyword, a file name or an album’s title; times are written like “july 2024” or “2024-07-21”.';
  element.append(icon('search'), title, text);
  return element;
}
