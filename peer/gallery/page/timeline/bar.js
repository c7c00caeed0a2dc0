// The bar that takes the header's place while photos are selected.

import { Icon } from '../icons.js';
import { html, render, useEffect, useRef, useState } from '../lib/html.js';
import { countText } from './words.js';

/** Show the bar of `selection` in `element`. `run(name, argument)` does something; `view`: VIEW parameters. Gives a function that takes it away. */
export function showBar(element, selection, view, run) {
  const draw = () => render(selection.size ? html`<${Bar} selection=${selection} view=${view()} run=${run} />` : null, element);
  const end = selection.onChange(draw);
  draw();
  return () => {
    end();
    render(null, element);
  };
}

function Bar({ selection, view, run }) {
  const rows = selection.rows;
  const allFavorite = rows.every((row) => row.favorite);
  const allHidden = rows.every((row) => row.hidden) || Boolean(view.hidden);
  return html`
    <div class="selection-bar" role="toolbar" aria-label="With what is selected">
      <${Button} name="close" label="Select nothing" onClick=${() => selection.clear()} />
      <span class="selection-count" role="status">${countText(rows.length)}<span class="visually-hidden"> selected</span></span>
      <div class="selection-actions">
        ${view.trash ? html`<${InTrash} run=${run} />` : html`<${Usual} run=${run} allFavorite=${allFavorite} allHidden=${allHidden} album=${view.album} />`}
      </div>
    </div>
  `;
}

function InTrash({ run }) {
  return html`
    <button type="button" class="button quiet" onClick=${() => run('restore')}><${Icon} name="restore" />Restore</button>
    <button type="button" class="button quiet danger" onClick=${() => run('purge')}><${Icon} name="trash" />Delete for ever</button>
  `;
}

function Usual({ run, allFavorite, allHidden, album }) {
  return html`
    <${Button} name=${allFavorite ? 'star-filled' : 'star'} label=${allFavorite ? 'No longer favourite' : 'Favourite'} onClick=${() => run('favorite')} />
    <${Button} name="albums" label="Add to an album" onClick=${() => run('album')} />
    <${Button} name="tag" label="Add a keyword" className="for-wide" onClick=${() => run('keyword')} />
    <${Button} name="download" label="Download" onClick=${() => run('download')} />
    <${More} run=${run} allHidden=${allHidden} album=${album} />
    <${Button} name="trash" label="Move to the trash" onClick=${() => run('trash')} />
  `;
}

function Button({ name, label, className = '', onClick }) {
  return html`<button type="button" class="icon-button ${className}" aria-label=${label} title=${label} onClick=${onClick}><${Icon} name=${name} /></button>`;
}

function More({ run, allHidden, album }) {
  const [isOpen, setOpen] = useState(false);
  const place = useRef(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    place.current.querySelector('.menu button').focus();
    const leave = (event) => {
      if (!place.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', leave);
    return () => document.removeEventListener('pointerdown', leave);
  }, [isOpen]);
  const choose = (name, argument) => () => {
    setOpen(false);
    run(name, argument);
  };
  const onKeyDown = (event) => {
    if (event.key === 'Escape' && isOpen) {
      event.stopPropagation();
      setOpen(false);
      place.current.querySelector('.icon-button').focus();
    }
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') moveFocus(event, place.current);
  };
  return html`
    <div class="menu-place" ref=${place} onKeyDown=${onKeyDown}>
      <button type="button" class="icon-button" aria-label="More" title="More" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}><${Icon} name="more" /></button>
      ${isOpen &&
      html`<div class="menu">
        <div class="menu-stars" role="group" aria-label="Rating">
          ${[1, 2, 3, 4, 5].map((rating) => html`<button type="button" aria-label=${`Rate ${rating}`} title=${`Rate ${rating}`} onClick=${choose('rate', rating)}><${Icon} name="star" /></button>`)}
          <button type="button" aria-label="No rating" title="No rating" onClick=${choose('rate', 0)}><${Icon} name="close" /></button>
        </div>
        <button type="button" class="for-narrow" onClick=${choose('keyword')}><${Icon} name="tag" />Add a keyword</button>
        <button type="button" onClick=${choose('date')}><${Icon} name="calendar" />Date and time</button>
        <button type="button" onClick=${choose('place')}><${Icon} name="place" />Place</button>
        <button type="button" onClick=${choose('hide')}><${Icon} name=${allHidden ? 'show' : 'hide'} />${allHidden ? 'Show in the timeline' : 'Hide'}</button>
        ${album && html`<button type="button" onClick=${choose('removeFromAlbum', album)}><${Icon} name="minus" />Take out of this album</button>`}
      </div>`}
    </div>
  `;
}

function moveFocus(event, place) {
  const buttons = [...place.querySelectorAll('.menu button')];
  const step = event.key === 'ArrowDown' ? 1 : -1;
  event.preventDefault();
  event.stopPropagation();
  buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length]?.focus();
}
