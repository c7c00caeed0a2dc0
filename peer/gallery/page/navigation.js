// The ways to the views: a sidebar where there is room, a bar below on phones, which keeps the rest behind "More".

import { showSheet } from './dialogs.js';
import { icon, Icon } from './icons.js';
import { html } from './lib/html.js';
import { chooseTheme, THEMES, themeNow } from './look.js';

const PLACES = [
  ['/', 'Photos', 'photos'],
  ['/favorites', 'Favourites', 'star'],
  ['/videos', 'Videos', 'video'],
  ['/albums', 'Albums', 'albums'],
  null,
  ['/import', 'Import', 'import'],
  ['/activity', 'Activity', 'activity'],
  ['/conflicts', 'Conflicts', 'conflict'],
  ['/devices', 'Devices', 'devices'],
  ['/storage', 'Storage', 'storage'],
  null,
  ['/hidden', 'Hidden', 'hide'],
  ['/trash', 'Trash', 'trash'],
];
const ON_PHONES = ['/', '/albums', '/favorites', '/import'];

/** Fill both; `update(path)` marks where we are. */
export function showNavigation(sidebar, bar) {
  const links = new Map();
  const brand = document.createElement('a');
  const logo = document.createElement('img');
  brand.className = 'brand';
  brand.href = '/';
  logo.src = '/icon.svg';
  logo.alt = '';
  brand.append(logo, 'Calotype');
  sidebar.append(brand);
  for (const place of PLACES) sidebar.append(place ? linkTo(place, links) : gap());
  for (const path of ON_PHONES) bar.append(linkTo(PLACES.find((place) => place?.[0] === path), links));
  const more = document.createElement('button');
  more.type = 'button';
  more.className = 'nav-link';
  more.append(icon('menu'), 'More');
  more.addEventListener('click', showMore);
  bar.append(more);
  const update = (path) => {
    const at = path.startsWith('/album/') ? '/albums' : path;
    for (const [link, target] of links) {
      if (target === at) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    if (ON_PHONES.includes(at)) more.removeAttribute('aria-current');
    else more.setAttribute('aria-current', 'true');
  };
  return { update };
}

function linkTo([path, title, name], links) {
  const link = document.createElement('a');
  link.className = 'nav-link';
  link.href = path;
  link.append(icon(name), title);
  links.set(link, path);
  return link;
}

function gap() {
  const element = document.createElement('div');
  element.className = 'nav-gap';
  return element;
}

function showMore() {
  const rest = PLACES.filter((place) => place && !ON_PHONES.includes(place[0]));
  const chosen = themeNow();
  showSheet(
    'More',
    (close) => html`
      <div class="more-grid">
        ${rest.map(([path, title, name]) => html`<a class="nav-link" href=${path} onClick=${() => close()}><${Icon} name=${name} />${title}</a>`)}
      </div>
      <h3>Look</h3>
      <div class="more-grid">
        ${THEMES.map(
          ([theme, title, name]) =>
            html`<button type="button" class="nav-link" aria-current=${theme === chosen ? 'true' : undefined} onClick=${() => close(chooseTheme(theme))}><${Icon} name=${name} />${title}</button>`,
        )}
      </div>
    `,
  );
}
