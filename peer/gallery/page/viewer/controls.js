// Small controls of the viewer.

import { Icon } from '../icons.js';
import { html, useEffect, useRef, useState } from '../lib/html.js';

const STARS = [1, 2, 3, 4, 5];

/** A round button with a picture for a name. `isOn`: of buttons that stay pressed. */
export function IconButton({ icon, label, hint = '', onClick, isOn, kind = '', children }) {
  const title = hint ? `${label} (${hint})` : label;
  return html`
    <button type="button" class=${`icon-button ${kind}`} aria-label=${label} title=${title} aria-pressed=${isOn === undefined ? undefined : String(isOn)} onClick=${onClick}>
      <${Icon} name=${icon} />${children}
    </button>
  `;
}

export function FavoriteButton({ row, onClick }) {
  return html`<${IconButton} icon="heart" label="Favourite" hint="F" isOn=${row.favorite} onClick=${onClick} kind=${row.favorite ? 'favorite-on' : 'favorite-off'} />`;
}

/** Five stars; the one that is chosen takes the rating away. */
export function Rating({ value, onRate }) {
  return html`
    <div class="rating" role="group" aria-label=${value ? `Rated ${value} of 5` : 'Not rated'}>
      ${STARS.map(
        (star) => html`
          <button type="button" class=${star <= value ? 'star on' : 'star'} aria-pressed=${String(star === value)} aria-label=${star === 1 ? '1 star' : `${star} stars`}
            title=${`Rate ${star}`} onClick=${() => onRate(star === value ? 0 : star)}>
            <${Icon} name=${star <= value ? 'star-filled' : 'star'} />
          </button>
        `,
      )}
    </div>
  `;
}

/** A button with a menu: `items` [{ icon, label, hint, run, isHidden, kind }], null for a gap. */
export function Menu({ icon, label, items, isUpwards = false }) {
  const [isOpen, setOpen] = useState(false);
  const place = useRef(null);
  const button = () => place.current.querySelector('button');
  useEffect(() => {
    if (!isOpen) return undefined;
    place.current.querySelector('[role=menuitem]')?.focus();
    const leave = (event) => {
      if (!place.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', leave, true);
    return () => document.removeEventListener('pointerdown', leave, true);
  }, [isOpen]);
  const onKeyDown = (event) => {
    if (!isOpen) return;
    const entries = [...place.current.querySelectorAll('[role=menuitem]')];
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) entries.at((entries.indexOf(document.activeElement) + move) % entries.length)?.focus();
    else if (event.key === 'Home') entries[0].focus();
    else if (event.key === 'End') entries.at(-1).focus();
    else if (event.key === 'Escape' || event.key === 'Tab') {
      setOpen(false);
      button().focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const choose = (run) => () => {
    setOpen(false);
    button().focus();
    run();
  };
  return html`
    <div class="viewer-menu-place" ref=${place} data-keys=${isOpen ? 'own' : undefined} onKeyDown=${onKeyDown}>
      <button type="button" class="icon-button" aria-label=${label} title=${label} aria-haspopup="menu" aria-expanded=${String(isOpen)} onClick=${() => setOpen(!isOpen)}>
        <${Icon} name=${icon} />
      </button>
      ${isOpen &&
      html`
        <div class=${isUpwards ? 'viewer-menu upwards' : 'viewer-menu'} role="menu" aria-label=${label}>
          ${items
            .filter((item) => !item?.isHidden)
            .map((item) =>
              item
                ? html`
                    <button type="button" role="menuitem" tabindex="-1" class=${item.kind ?? ''} onClick=${choose(item.run)}>
                      <${Icon} name=${item.icon} /><span>${item.label}</span>${item.hint && html`<kbd>${item.hint}</kbd>`}
                    </button>
                  `
                : html`<hr />`,
            )}
        </div>
      `}
    </div>
  `;
}
