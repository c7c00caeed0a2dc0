// Photos leave the library: as a file that is saved, or to another program by the system's own sheet.

import { act } from '../lib/actions.js';
import { ApiError } from '../lib/api.js';
import { isEdited, originalOf, renderingOf } from './addresses.js';

/** The browser saves `address` under `name`. */
export function saveAs(address, name) {
  const link = document.createElement('a');
  link.href = address;
  link.download = name ?? '';
  document.body.append(link);
  link.click();
  link.remove();
}

/** Hand the photo, as it is looked at, to another program. */
export function share(row, details) {
  return act(async () => {
    const isRendered = details?.id === row.id && isEdited(details);
    const response = await fetch(isRendered ? renderingOf(row.id, details.edits) : originalOf(row.id));
    if (!response.ok) throw new ApiError(response.status, 'The original isn’t on this device.', 'Bring it here first.');
    const blob = await response.blob();
    const file = new File([blob], row.name || 'photo', { type: blob.type });
    if (!navigator.canShare({ files: [file] })) throw new ApiError(0, 'This browser can’t share such a file.', 'Download it instead.');
    try {
      await navigator.share({ files: [file], title: row.caption || row.name });
    } catch (error) {
      if (error.name !== 'AbortError') throw new ApiError(0, 'It couldn’t be shared.', 'Download it instead.');
    }
  }, () => '', { canUndo: false });
}
