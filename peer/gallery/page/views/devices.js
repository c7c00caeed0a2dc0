// The devices of the library, the relays, what flows between them; inviting a device and removing one.

import { ask, confirm } from '../dialogs.js';
import { Icon } from '../icons.js';
import { act } from '../lib/actions.js';
import { post } from '../lib/api.js';
import { agoText, countOf, momentText, remainingText, sizeText } from '../lib/format.js';
import { html, useEffect, useState } from '../lib/html.js';
import { onProgress } from '../lib/live.js';
import { invite } from './parts/inviting.js';
import { Heading, Progress, Section, showPage, useAnswer } from './parts/pages.js';

const POLICIES = {
  everything: 'keeps everything',
  optimize: 'keeps previews, and originals as far as there is room',
  thumbnails: 'keeps thumbnails',
};
const STATES = {
  listening: 'connected',
  connecting: 'connecting …',
  away: 'not in reach',
  'not running': 'not in reach',
};

export const mount = (element, context) => showPage(element, Devices, context);

function Devices() {
  const [answer, reload] = useAnswer('/devices');
  const [status] = useAnswer('/status');
  const live = useFlow();
  if (!answer || !status) return null;
  const nodes = live?.nodes ?? status.nodes;
  const members = answer.devices.filter((device) => device.member);
  const removed = answer.devices.filter((device) => !device.member);
  return html`
    <${Heading} title="Devices">
      <button type="button" class="button primary" onClick=${() => invite()}><${Icon} name="plus" />Invite a device</button>
    <//>
    <${Flow} live=${live} />
    <ul class="rows">
      ${members.map((device) => html`<${Device} key=${device.id} device=${device} node=${nodes.find((node) => node.kind === 'peer' && node.name === device.name)} reload=${reload} />`)}
    </ul>
    <${Relays} nodes=${nodes.filter((node) => node.kind === 'relay')} />
    ${removed.length > 0 &&
    html`<${Section} title="Removed">
      <ul class="rows">${removed.map((device) => html`<li key=${device.id}><span class="row-main"><strong>${device.name}</strong><small>last seen ${agoText(device.last_seen)}</small></span></li>`)}</ul>
    <//>`}
  `;
}

function Device({ device, node, reload }) {
  const path = `/devices/${device.id}`;
  const rename = async () => {
    const name = await ask({ title: 'Rename the device', label: 'Name, on all devices', value: device.name });
    if (name?.trim() && name !== device.name) await act(() => post(`${path}/rename`, { name: name.trim() }), () => 'Renamed.');
    reload();
  };
  const remove = async () => {
    const isSure = await confirm({
      title: `Remove ${device.name}?`,
      text: 'It can neither read nor write anything new from then on, and that can’t be taken back. What it has, it has; what it hasn’t sent yet stays on it alone. The machine can be invited again as a new device.',
      action: `Remove ${device.name}`,
      danger: true,
    });
    if (isSure) await act(() => post(`${path}/remove`, { sure: true }), () => `${device.name} was removed.`, { canUndo: false });
    reload();
  };
  const said = [
    device.this ? 'this device' : node?.state === 'listening' ? 'connected now' : `last heard of ${agoText(device.last_seen)}`,
    POLICIES[device.policy],
    !device.this && device.behind > 0 && `${countOf(device.behind, 'change')} behind`,
    !device.this && device.behind === 0 && 'up to date',
    device.clock_skew > 0 && `its clock is ${remainingText(device.clock_skew / 1000)} ahead: set it right there`,
  ].filter(Boolean);
  return html`
    <li>
      <${Icon} name="devices" />
      <span class="row-main"><strong>${device.name}</strong><small title=${momentText(device.last_seen)}>${said.join(' · ')}</small></span>
      <button type="button" class="icon-button" aria-label=${`Rename ${device.name}`} title="Rename" onClick=${rename}><${Icon} name="edit" /></button>
      ${!device.this && html`<button type="button" class="icon-button" aria-label=${`Remove ${device.name}`} title="Remove" onClick=${remove}><${Icon} name="trash" /></button>`}
    </li>
  `;
}

function Relays({ nodes }) {
  return html`
    <${Section} title="Relays">
      ${nodes.length
        ? html`<ul class="rows">${nodes.map((node) => html`<${Relay} key=${node.name} node=${node} />`)}</ul>`
        : html`<p class="soft">No relay is configured, so devices meet on a local network only, and no copy lies elsewhere. “calotype relay add” adds one.</p>`}
    <//>
  `;
}

function Relay({ node }) {
  const said = [
    STATES[node.state] ?? node.state,
    node.last_contact && node.state !== 'listening' && `last reached ${agoText(node.last_contact)}`,
    node.ahead > 0 && `${countOf(node.ahead, 'change')} still to be sent`,
    node.behind > 0 && `${countOf(node.behind, 'change')} still to come`,
    node.reason,
  ].filter(Boolean);
  return html`<li><${Icon} name="cloud" /><span class="row-main"><strong>${node.name}</strong><small>${said.join(' · ')}</small></span></li>`;
}

function Flow({ live }) {
  if (!live) return null;
  const { queues } = live;
  const ways = [
    { name: 'upload', label: 'Sending', items: queues.uploads, bytes: queues.upload_bytes, speed: live.up, most: live.mostUp },
    { name: 'download', label: 'Fetching', items: queues.downloads, bytes: queues.download_bytes, speed: live.down, most: live.mostDown },
  ].filter((way) => way.items > 0);
  return html`
    ${ways.map((way) => {
      const remaining = remainingText(way.speed > 0 ? way.bytes / way.speed : NaN);
      const said = [sizeText(way.bytes) + ' left', way.speed > 0 && `${sizeText(way.speed)}/s`, remaining].filter(Boolean).join(' · ');
      return html`
        <div class="card flow" key=${way.name}>
          <${Icon} name=${way.name} />
          <div class="row-main"><strong>${way.label}</strong><small>${said}</small><${Progress} label=${way.label} value=${way.most ? 1 - way.bytes / way.most : null} /></div>
        </div>
      `;
    })}
  `;
}

/** The newest progress, with speeds over the last seconds, and the longest that each queue was while we look. */
function useFlow() {
  const [flow, setFlow] = useState(null);
  useEffect(() => {
    let before = null;
    return onProgress((document) => {
      const at = performance.now() / 1000;
      setFlow((shown) => {
        const seconds = before ? Math.max(at - before.at, 0.2) : null;
        const speed = (name, last) => (seconds ? 0.6 * (last ?? 0) + (0.4 * Math.max(document.counts[name] - before.counts[name], 0)) / seconds : 0);
        const next = {
          ...document,
          up: speed('bytes_up', shown?.up),
          down: speed('bytes_down', shown?.down),
          mostUp: Math.max(shown?.mostUp ?? 0, document.queues.upload_bytes),
          mostDown: Math.max(shown?.mostDown ?? 0, document.queues.download_bytes),
        };
        before = { at, counts: document.counts };
        return next;
      });
    });
  }, []);
  return flow;
}
