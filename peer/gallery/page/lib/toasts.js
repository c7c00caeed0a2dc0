// Short sentences at the lower edge: read aloud by screen readers, gone after some seconds, kept while somebody points at them.

const SHOWN_MS = 7_000;
const MOST = 3;

/** Show `sentence`; `action`: { label, run } of a button beside it. */
export function say(sentence, action, { isError = false } = {}) {
  const place = document.getElementById('toasts');
  const toast = document.createElement('div');
  toast.className = isError ? 'toast toast-error' : 'toast';
  toast.setAttribute('role', isError ? 'alert' : 'status');
  const text = document.createElement('span');
  text.textContent = sentence;
  toast.append(text);
  if (action) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = action.label;
    button.addEventListener('click', () => {
      toast.remove();
      action.run();
    });
    toast.append(button);
  }
  place.append(toast);
  while (place.childElementCount > MOST) place.firstElementChild.remove();
  let timer = setTimeout(() => toast.remove(), SHOWN_MS);
  toast.addEventListener('pointerenter', () => clearTimeout(timer));
  toast.addEventListener('pointerleave', () => {
    timer = setTimeout(() => toast.remove(), SHOWN_MS);
  });
}
