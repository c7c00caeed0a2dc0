// What was deleted, until its time is over.

import { icon } from '../icons.js';
import { get } from '../lib/api.js';
import { countOf } from '../lib/format.js';
import { html, render } from '../lib/html.js';
import { mount as mountTimeline } from './timeline.js';

export async function mount(element, context) {
  const heading = document.createElement('div');
  heading.className = 'search-head';
  const settings = await get('/settings').catch(() => null);
  const time = settings ? countOf(settings.retention, 'day') : 'a while';
  render(
    html`
      <h1>Trash</h1>
      <p class="soft">Photos stay here for ${time}, then they are deleted on all devices. One that somebody edited meanwhile, without knowing, stays until you decide.</p>
    `,
    heading,
  );
  const shown = await mountTimeline(element, context, { view: { trash: 1 }, heading, empty: nothing() });
  return Object.assign(
    () => {
      shown();
      render(null, heading);
    },
    { grid: shown.grid },
  );
}

function nothing() {
  const element = document.createElement('div');
  element.className = 'empty';
  const title = document.createElement('h2');
  title.textContent = 'The trash is empty';
  element.append(icon('trash'), title);
  return element;
}
