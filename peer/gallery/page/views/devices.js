// The devices of the library and its relays, and what flows between them; inviting a device and removing one.

import { ask, confirm } from '../dialogs.js';
import { Icon } from '../icons.js';
import { act } from '../lib/actions.js';
import { post } from '../lib/api.js';
import { agoText, countOf, momentText, remainingText, sizeText } from '../lib/format.js';
import { html, useEffect, useState } from '../lib/html.js';
import { onProgress } from '../lib/live.js';
import { flowAfter, remaining } from './parts/flow.js';
import { invite } from './parts/inviting.js';
import { Empty, Heading, Notice, Progress, Section, showPage, Tool, useAnswer, Waiting } from './parts/pages.js';

const POLICIES = {
  everything: 'keeps all originals',
  optimize: 'keeps previews, and originals as far as there is room',
  thumbnails: 'keeps thumbnails',
};
const AWAY = new Set(['away', 'not running']);
const isReached = (node) => Boolean(node) && node.state !== 'connecting' && !AWAY.has(node.state);
const WAYS = [
  ['upload', 'Sending'],
  ['download', 'Fetching'],
];

export const mount = (element, context) => showPage(element, Devices, context);

function Devices() {
  const [answer, reload] = useAnswer('/devices');
  const [status] = useAnswer('/status');
  const flow = useFlow();
  if (!answer || !status) return html`<${Waiting} title="Devices" />`;
  const nodes = flow?.document.nodes ?? status.nodes;
  const nodeOf = (device) => nodes.find((node) => node.device === device.id);
  const members = answer.devices.filter((device) => device.member);
  const removed = answer.devices.filter((device) => !device.member);
  const lost = nodes.filter((node) => node.kind === 'peer' && !node.device);
  return html`
    <${Heading} title="Devices">
      <button type="button" class="button primary" onClick=${() => invite()}><${Icon} name="plus" />Invite a device</button>
    <//>
    ${flow && WAYS.map(([name, label]) => html`<${Way} key=${name} name=${name} label=${label} way=${flow.ways[name]} />`)}
    <ul class="rows">
      ${members.map((device) => html`<${Device} key=${device.id} device=${device} node=${nodeOf(device)} reload=${reload} />`)}
      ${lost.map((node) => html`<${Missed} key=${node.address} node=${node} />`)}
    </ul>
    ${members.length === 1 && html`<p class="soft">This is the only device so far. Invite another one, a second computer or a small server at home, and every photo has a second copy.</p>`}
    <${Relays} nodes=${nodes.filter((node) => node.kind === 'relay')} />
    ${removed.length > 0 && html`<${Section} title="Removed"><ul class="rows">${removed.map((device) => html`<${Removed} key=${device.id} device=${device} />`)}</ul><//>`}
  `;
}

function Device({ device, node, reload }) {
  const path = `/devices/${device.id}`;
  const rename = async () => {
    const name = await ask({ title: 'Rename the device', label: 'Name, on all devices', value: device.name });
    if (name?.trim() && name !== device.name) await act(() => post(`${path}/rename`, { name: name.trim() }), () => 'Renamed.', { canUndo: false });
    reload();
  };
  const remove = async () => {
    if (!(await askBeforeRemoval(device))) return;
    await act(() => post(`${path}/remove`, { sure: true }), () => `${device.name} was removed.`, { canUndo: false });
    reload();
  };
  const isConnected = device.this || isReached(node);
  const contact = device.this ? 'this device' : isConnected ? 'connected' : device.last_seen ? `last heard of ${agoText(device.last_seen)}` : 'not heard of yet';
  const progress = device.this ? null : device.behind === 0 ? 'has everything you changed' : device.behind > 0 ? `${countOf(device.behind, 'change')} behind` : null;
  return html`
    <li>
      <${Face} icon="devices" isOn=${isConnected} />
      <span class="row-main">
        <strong>${device.name}</strong>
        <small title=${momentText(device.last_seen)}>${[contact, progress, POLICIES[device.policy]].filter(Boolean).join(' · ')}</small>
        ${device.last_seen && !device.active && html`<small class="warned">Quiet for more than 90 days: nothing waits for it any more. Remove it if it is gone.</small>`}
        ${device.clock_skew > 0 && html`<small class="warned">Its clock is ${remainingText(device.clock_skew / 1000)} ahead: set it right there.</small>`}
        ${node?.reason && !isConnected && html`<small>${node.reason}</small>`}
      </span>
      <${Tool} icon="edit" label=${`Rename ${device.name}`} onClick=${rename} />
      ${!device.this && html`<${Tool} icon="trash" label=${`Remove ${device.name}`} onClick=${remove} />`}
    </li>
  `;
}

function askBeforeRemoval({ name, behind, last_seen: seen }) {
  const isQuiet = behind !== 0;
  return confirm({
    title: `Remove ${name}?`,
    text: html`
      <span class="points">
        <span>From then on it reads and writes nothing new, and this can’t be taken back.</span>
        <span>Photos that it has already stay on it. ${isQuiet ? `What it hasn’t sent since ${seen ? agoText(seen) : 'it joined'} stays on it alone.` : 'It has sent everything that is known.'}</span>
        <span>The machine can be invited again, as a new device.</span>
      </span>
    `,
    action: `Remove ${name}`,
    danger: true,
  });
}

/** A place that a person named, and where nobody answers. */
function Missed({ node }) {
  return html`
    <li>
      <${Face} icon="devices" isOn=${false} />
      <span class="row-main"><strong>${node.name}</strong><small>${node.reason || 'nobody answers there'}</small></span>
    </li>
  `;
}

function Removed({ device }) {
  return html`
    <li>
      <${Face} icon="devices" isOn=${false} />
      <span class="row-main"><strong>${device.name}</strong><small>${device.last_seen ? `last heard of ${agoText(device.last_seen)}` : 'never heard of'}</small></span>
    </li>
  `;
}

function Relays({ nodes }) {
  return html`
    <${Section} title="Relays">
      ${nodes.length
        ? html`<ul class="rows">${nodes.map((node) => html`<${Relay} key=${node.name} node=${node} />`)}</ul>`
        : html`
            <${Notice} icon="cloud">
              <strong>No relay yet</strong>
              <small>Without one, devices meet on the local network only. A relay keeps a sealed copy that nobody else can read. Add one with <code>calotype relay add URL --token TOKEN</code>.</small>
            <//>
          `}
    <//>
  `;
}

function Relay({ node }) {
  const isConnected = isReached(node);
  const state = isConnected ? 'connected' : AWAY.has(node.state) ? 'not in reach' : 'connecting …';
  const said = [
    state,
    !isConnected && node.last_contact && `last reached ${agoText(node.last_contact)}`,
    node.ahead > 0 && `${countOf(node.ahead, 'change')} to send`,
    node.behind > 0 && `${countOf(node.behind, 'change')} to fetch`,
    isConnected && !node.ahead && !node.behind && 'has every change',
  ].filter(Boolean);
  return html`
    <li>
      <${Face} icon="cloud" isOn=${isConnected} />
      <span class="row-main">
        <strong>${node.name.replace(/^https?:\/\//, '')}</strong>
        <small title=${node.name}>${said.join(' · ')}</small>
        ${node.reason && html`<small class="warned">${node.reason}</small>`}
      </span>
    </li>
  `;
}

/** An icon with a light on it. */
function Face({ icon, isOn }) {
  return html`<span class=${isOn ? 'face on' : 'face'}><${Icon} name=${icon} /></span>`;
}

function Way({ name, label, way }) {
  if (!way.items) return null;
  const said = [countOf(way.items, 'file'), `${sizeText(way.bytes)} left`, way.speed > 0 && `${sizeText(way.speed)}/s`, remainingText(remaining(way))];
  return html`
    <div class="card flow">
      <${Icon} name=${name} />
      <div class="row-main"><strong>${label}</strong><small>${said.filter(Boolean).join(' · ')}</small><${Progress} label=${label} value=${way.most ? 1 - way.bytes / way.most : null} /></div>
    </div>
  `;
}

/** What flows, as far as it was told; null until then. */
function useFlow() {
  const [flow, setFlow] = useState(null);
  useEffect(() => onProgress((document) => setFlow((before) => flowAfter(before, document, performance.now() / 1000))), []);
  return flow;
}
