// The search field, and a few tools beside it.

import { icon } from './icons.js';
import { chooseTheme, THEMES, themeNow } from './look.js';
import { showKeys } from './shortcuts.js';

const PAUSE_MS = 180;

/** Fill the header. `update(path, query)`: what the field shows; `focus()`: go into it. */
export function showHeader(header, navigate) {
  const form = document.createElement('form');
  const field = document.createElement('input');
  const clear = button('close', 'Empty the search field');
  form.className = 'search-box';
  form.setAttribute('role', 'search');
  Object.assign(field, { type: 'search', name: 'query', placeholder: 'Search photos, “july 2024”', autocomplete: 'off', maxLength: 500 });
  field.setAttribute('aria-label', 'Search your photos');
  form.append(icon('search'), field, clear);

  let timer = 0;
  const search = () => {
    clearTimeout(timer);
    const text = field.value.trim();
    clear.hidden = !field.value;
    const isSearching = location.pathname === '/search';
    if (text) navigate(`/search?query=${encodeURIComponent(text)}`, { replace: isSearching });
    else if (isSearching) navigate('/');
  };
  field.addEventListener('input', () => {
    clear.hidden = !field.value;
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE_MS);
  });
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    field.value = '';
    search();
    field.blur();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    search();
    field.blur();
  });
  clear.addEventListener('click', () => {
    field.value = '';
    search();
    field.focus();
  });

  const tools = document.createElement('div');
  tools.id = 'tools';
  const keys = button('help', 'Keys');
  keys.classList.add('for-wide');
  keys.addEventListener('click', showKeys);
  tools.append(themeButton(), keys);
  header.append(form, tools);
  return {
    focus: () => {
      field.focus();
      field.select();
    },
    update: (path, query) => {
      clearTimeout(timer);
      if (document.activeElement !== field) field.value = path === '/search' ? query : '';
      clear.hidden = !field.value;
    },
  };
}

function themeButton() {
  const element = button('auto', '');
  element.classList.add('for-wide');
  const draw = () => {
    const [, title, name] = THEMES.find(([theme]) => theme === themeNow());
    element.replaceChildren(icon(name));
    element.title = `Look: ${title.toLowerCase()}`;
    element.setAttribute('aria-label', element.title);
  };
  element.addEventListener('click', () => {
    const number = THEMES.findIndex(([theme]) => theme === themeNow());
    chooseTheme(THEMES[(number + 1) % THEMES.length][0]);
    draw();
  });
  draw();
  return element;
}

function button(name, label) {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = 'icon-button';
  element.setAttribute('aria-label', label);
  element.title = label;
  element.append(icon(name));
  return element;
}
