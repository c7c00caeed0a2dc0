// What views that aren't a grid have in common: a page that scrolls, answers of the peer that stay true, and sentences where there is nothing.

import { Icon } from '../../icons.js';
import { act } from '../../lib/actions.js';
import { ApiError, get } from '../../lib/api.js';
import { html, render, useCallback, useEffect, useState } from '../../lib/html.js';
import { onChanged, onConnection } from '../../lib/live.js';

/** Show `Component` with `properties` as a page in `element`; gives a function that takes it away. */
export function showPage(element, Component, properties) {
  render(html`<div class="page"><${Component} ...${properties} /></div>`, element);
  return () => render(null, element);
}

/** What GET `path` answers, asked for again whenever the library changed: [answer or null, ask again]. */
export function useAnswer(path, parameters = {}) {
  const [answer, setAnswer] = useState(null);
  const asked = JSON.stringify(parameters);
  const load = useCallback(async () => {
    try {
      setAnswer(await get(path, JSON.parse(asked)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code !== 0) await act(() => Promise.reject(error)); // While the peer is away, what is shown stays.
    }
  }, [path, asked]);
  useEffect(() => {
    let isThere = true;
    load();
    const endings = [
      onChanged(load),
      onConnection((isConnected) => {
        if (isConnected && !isThere) load();
        isThere = isConnected;
      }),
    ];
    return () => endings.forEach((end) => end());
  }, [load]);
  return [answer, load];
}

export function Heading({ title, children }) {
  return html`<div class="page-head"><h1>${title}</h1><div class="page-tools">${children}</div></div>`;
}

export function Section({ title, children }) {
  return html`<section class="page-section"><h2>${title}</h2>${children}</section>`;
}

export function Empty({ icon, title, children }) {
  return html`<div class="empty"><${Icon} name=${icon} /><h2>${title}</h2><p>${children}</p></div>`;
}

/** A bar of how much is done; `value` between 0 and 1, or null while nobody knows. */
export function Progress({ value, label }) {
  return html`<progress class="progress" aria-label=${label} value=${value ?? undefined} max="1" />`;
}
