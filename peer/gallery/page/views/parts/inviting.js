// Inviting a device: a QR code and the ticket as text, then the code that both devices show, and a person's yes or no.

import { showSheet } from '../../dialogs.js';
import { act } from '../../lib/actions.js';
import { get, post } from '../../lib/api.js';
import { remainingText } from '../../lib/format.js';
import { html, useEffect, useRef, useState } from '../../lib/html.js';
import { onChanged } from '../../lib/live.js';
import { say } from '../../lib/toasts.js';

const LOOK_MS = 2_000;

export async function invite() {
  const ticket = await act(() => post('/invitations'));
  if (ticket) await showSheet('Invite a device', (close) => html`<${Invitation} ticket=${ticket} close=${close} />`);
}

function Invitation({ ticket, close }) {
  const [waiting, setWaiting] = useState(null);
  const [now, setNow] = useState(Date.now());
  const [letIn, setLetIn] = useState('');
  const answered = useRef(false);
  useEffect(() => {
    let isOpen = false;
    const look = async () => {
      setNow(Date.now());
      const { invitations } = await get('/invitations').catch(() => ({ invitations: null }));
      if (!invitations) return;
      const mine = invitations.find((each) => each.expires === ticket.expires);
      if (mine) {
        isOpen = true;
        setWaiting(mine.code && mine.answer === null ? mine : null);
      } else if (isOpen) {
        if (!answered.current) say('The invitation is over.');
        close();
      }
    };
    look();
    const timer = setInterval(look, LOOK_MS);
    const end = onChanged(look);
    return () => {
      clearInterval(timer);
      end();
    };
  }, []);
  const answer = async (accept) => {
    const { code, name } = waiting;
    answered.current = true;
    await act(() => post('/invitations/answer', { code, accept }), () => (accept ? `${name} is let in.` : `${name} was turned away.`), { canUndo: false });
    if (accept) setLetIn(name);
    else close();
  };
  if (letIn) return html`<p role="status">${letIn} gets the keys of the library …</p>`;
  if (waiting) {
    return html`
      <p role="alert"><strong>${waiting.name}</strong> wants to join. Does it show the same code?</p>
      <p class="code">${waiting.code}</p>
      <p class="soft">If the codes differ, somebody else is between: say no, and nothing is lost.</p>
      <div class="sheet-actions">
        <button type="button" class="button danger" onClick=${() => answer(false)}>They differ</button>
        <button type="button" class="button primary" onClick=${() => answer(true)}>It’s the same</button>
      </div>
    `;
  }
  const { size, path } = ticket.qr;
  const copy = async () => {
    await navigator.clipboard.writeText(ticket.ticket);
    say('Copied.');
  };
  return html`
    <p>Run <code>calotype join - --name NAME</code> on the new device and paste the ticket, or read this code with it.</p>
    <svg class="qr" viewBox=${`0 0 ${size} ${size}`} role="img" aria-label="The ticket as a QR code"><path d=${path} /></svg>
    <textarea class="field ticket" readonly rows="4" aria-label="The ticket" value=${ticket.ticket} onFocus=${(event) => event.target.select()} />
    <p class="soft" role="status">Who has this may ask to come in; you will be asked here. It is over in ${remainingText((ticket.expires - now) / 1000) || 'a moment'}.</p>
    <div class="sheet-actions">
      <button type="button" class="button" onClick=${() => close()}>Close</button>
      <button type="button" class="button primary" onClick=${copy}>Copy the ticket</button>
    </div>
  `;
}
