// Questions in native dialogs: focus stays inside, Escape answers no.

import { Icon } from './icons.js';
import { html, render } from './lib/html.js';

let counter = 0;

/** Show `content(close)` in a dialog named `title`; resolves with what is given to `close`, or null when it is left. */
export function showSheet(title, content, { wide = false } = {}) {
  return new Promise((resolve) => {
    const dialog = document.createElement('dialog');
    const id = `sheet-title-${(counter += 1)}`;
    let answer = null;
    const close = (given = null) => {
      answer = given;
      dialog.close();
    };
    dialog.className = wide ? 'sheet wide' : 'sheet';
    dialog.setAttribute('aria-labelledby', id);
    dialog.addEventListener('close', () => {
      render(null, dialog);
      dialog.remove();
      resolve(answer);
    });
    dialog.addEventListener('keydown', (event) => event.stopPropagation());
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog && isOutside(dialog, event)) close();
    });
    document.body.append(dialog);
    const leave = wide && html`<button type="button" class="icon-button" aria-label="Close" onClick=${() => close()}><${Icon} name="close" /></button>`;
    render(html`<div class="sheet-body"><div class="sheet-head"><h2 id=${id}>${title}</h2>${leave}</div>${content(close)}</div>`, dialog);
    dialog.showModal();
  });
}

function isOutside(dialog, { clientX, clientY }) {
  const box = dialog.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}

/** True when `action` was chosen. */
export async function confirm({ title, text = '', action = 'Continue', danger = false }) {
  const answer = await showSheet(
    title,
    (close) => html`
      ${text && html`<p>${text}</p>`}
      <div class="sheet-actions">
        <button type="button" class="button" autofocus=${danger} onClick=${() => close(false)}>Cancel</button>
        <button type="button" autofocus=${!danger} class=${danger ? 'button danger' : 'button primary'} onClick=${() => close(true)}>${action}</button>
      </div>
    `,
  );
  return answer === true;
}

/** The text that was entered, or null. `options`: texts that are offered while typing. */
export function ask({ title, label, value = '', type = 'text', placeholder = '', action = 'Save', options = [], hint = '' }) {
  const submit = (close) => (event) => {
    event.preventDefault();
    close(new FormData(event.target).get('value'));
  };
  return showSheet(
    title,
    (close) => html`
      <form method="dialog" onSubmit=${submit(close)}>
        <label>
          ${label}
          <input class="field" name="value" type=${type} step="1" value=${value} placeholder=${placeholder} list="sheet-options" autocomplete="off" required autofocus />
        </label>
        <datalist id="sheet-options">${options.map((option) => html`<option value=${option} />`)}</datalist>
        ${hint && html`<p>${hint}</p>`}
        <div class="sheet-actions">
          <button type="button" class="button" onClick=${() => close()}>Cancel</button>
          <button class="button primary">${action}</button>
        </div>
      </form>
    `,
  );
}
