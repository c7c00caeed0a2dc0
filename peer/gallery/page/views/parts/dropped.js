// Files that were dropped or chosen, with the folders that they lie in.

const MOST = 20_000;

/** What of a drop has to be read while it is told: { entries, files }. */
export function takenFrom(transfer) {
  return { entries: [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null).filter(Boolean), files: [...transfer.files] };
}

/** { files: [{ path, file }], unreadable: [path], isCut } of what was dropped; folders are walked. `isCut`: there were too many. */
export async function filesOf({ entries, files }) {
  const found = { files: [], unreadable: [], isCut: false };
  if (!entries.length) found.files = files.map((file) => ({ path: file.name, file }));
  for (const entry of entries) await walk(entry, '', found);
  return found;
}

/** The same of a file input. */
export function chosenFiles(input) {
  const files = [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
  return { files: files.slice(0, MOST), unreadable: [], isCut: files.length > MOST };
}

async function walk(entry, folder, found) {
  if (found.files.length >= MOST) {
    found.isCut = true;
    return;
  }
  const path = `${folder}${entry.name}`;
  try {
    if (entry.isFile) {
      found.files.push({ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return;
      for (const each of some) await walk(each, `${path}/`, found);
    }
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    found.unreadable.push(path);
  }
}
