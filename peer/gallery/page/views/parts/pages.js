// What views that aren't a grid have in common: a page that scrolls, answers of the peer that stay true, and sentences where there is nothing.

import { Icon } from '../../icons.js';
import { act } from '../../lib/actions.js';
import { ApiError, get } from '../../lib/api.js';
import { html, render, useCallback, useEffect, useRef, useState } from '../../lib/html.js';
import { onChanged, onConnection } from '../../lib/live.js';

/** Show `Component` with `properties` as a page in `element`; gives a function that takes it away. */
export function showPage(element, Component, properties) {
  render(html`<div class="page"><${Component} ...${properties} /></div>`, element);
  return () => render(null, element);
}

const PAUSE_MS = 400;

/** What GET `path` answers, asked for again when the library changed, not more often than each `pause` milliseconds: [answer or null, ask again]. */
export function useAnswer(path, parameters = {}, { pause = PAUSE_MS } = {}) {
  const [answer, setAnswer] = useState(null);
  const state = useRef({ isAsking: false, isStale: false });
  const asked = JSON.stringify(parameters);
  const load = useCallback(async () => {
    const { current } = state;
    current.isStale = true;
    if (current.isAsking) return;
    current.isAsking = true;
    try {
      while (current.isStale) {
        current.isStale = false;
        setAnswer(await get(path, JSON.parse(asked)));
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code !== 0) await act(() => Promise.reject(error)); // While the peer is away, what is shown stays.
    } finally {
      current.isAsking = false;
    }
  }, [path, asked]);
  useEffect(() => {
    let isThere = true;
    let timer = 0;
    load();
    const later = () => {
      timer ||= setTimeout(() => {
        timer = 0;
        load();
      }, pause);
    };
    const endings = [
      onChanged(later),
      onConnection((isConnected) => {
        if (isConnected && !isThere) load();
        isThere = isConnected;
      }),
    ];
    return () => {
      clearTimeout(timer);
      endings.forEach((end) => end());
    };
  }, [load, pause]);
  return [answer, load];
}

/** What stands where an answer will be; seen only when it takes its time. */
export function Waiting({ title }) {
  return html`<${Heading} title=${title} /><p class="waiting soft" role="status">One moment …</p>`;
}

export function Heading({ title, children }) {
  return html`<div class="page-head"><h1>${title}</h1><div class="page-tools">${children}</div></div>`;
}

export function Section({ title, children, action = null }) {
  return html`<section class="page-section"><div class="section-head"><h2>${title}</h2>${action}</div>${children}</section>`;
}

/** A sentence that stands out. `kind`: good, warning or nothing. */
export function Notice({ icon, kind = '', children, action = null }) {
  return html`<div class=${`card state ${kind}`}><${Icon} name=${icon} /><div class="row-main">${children}</div>${action}</div>`;
}

/** A round button with a name that is seen while somebody points at it. */
export function Tool({ icon, label, onClick }) {
  return html`<button type="button" class="icon-button" aria-label=${label} title=${label} onClick=${onClick}><${Icon} name=${icon} /></button>`;
}

export function Empty({ icon, title, children }) {
  return html`<div class="empty"><${Icon} name=${icon} /><h2>${title}</h2><div>${children}</div></div>`;
}

/** A bar of how much is done; `value` between 0 and 1, or null while nobody knows. */
export function Progress({ value, label }) {
  return html`<progress class="progress" aria-label=${label} value=${value ?? undefined} max="1" />`;
}
