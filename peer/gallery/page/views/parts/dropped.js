// Files that were dropped or chosen, with the folders that they lie in.

const MOST = 20_000;

/** [{ path, file }] of what was dropped; folders are walked. `items` of a DataTransfer are read at once: they are gone after the event. */
export async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ path: file.name, file }));
  const found = [];
  for (const entry of entries) await walk(entry, '', found);
  return found;
}

/** The same of a file input. */
export function chosenFiles(input) {
  return [...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

async function walk(entry, folder, found) {
  if (found.length >= MOST) return;
  const path = `${folder}${entry.name}`;
  if (entry.isFile) {
    found.push({ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const each of some) await walk(each, `${path}/`, found);
  }
}
