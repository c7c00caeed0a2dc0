// Reads and writes records with Yjs itself. Requests and answers are JSON on standard input and output; values carry their type, because JSON alone
// knows neither bytes nor which bits a number has.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.argv[2], 'package.json'))
const Y = require('yjs')

const hex = bytes => Buffer.from(bytes).toString('hex')
const bytes = text => new Uint8Array(Buffer.from(text, 'hex'))

const typed = value => {
  if (value === null) return { null: true }
  if (value instanceof Uint8Array) return { bytes: hex(value) }
  if (Array.isArray(value)) return { list: value.map(typed) }
  switch (typeof value) {
    case 'boolean': return { boolean: value }
    case 'string': return { text: value }
    case 'number': { const buffer = Buffer.alloc(8); buffer.writeDoubleBE(value); return { number: hex(buffer) } }
    case 'object': return { map: Object.entries(value).map(([key, item]) => [key, typed(item)]) }
    default: return { unexpected: typeof value }
  }
}

const untyped = ({ bytes: b, list, boolean, text, number, map }) => {
  if (b !== undefined) return bytes(b)
  if (list !== undefined) return list.map(untyped)
  if (boolean !== undefined) return boolean
  if (text !== undefined) return text
  if (number !== undefined) return Buffer.from(number, 'hex').readDoubleBE()
  if (map !== undefined) return Object.fromEntries(map.map(([key, item]) => [key, untyped(item)]))
  return null
}

const loaded = updates => {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, bytes(update))
  return doc
}

const said = doc => ({
  keys: [...doc.getMap('r').entries()].map(([key, value]) => [key, typed(value)]),
  roots: [...doc.share.keys()],
  pending: doc.store.pendingStructs !== null || doc.store.pendingDs !== null,
  vector: [...Y.decodeStateVector(Y.encodeStateVector(doc)).entries()],
  state: hex(Y.encodeStateAsUpdate(doc))
})

// One transaction of one client, over what the updates say.
const written = ({ updates, client, sets, deletes }) => {
  const doc = loaded(updates)
  doc.clientID = client
  let update
  doc.on('update', made => { update = hex(made) })
  doc.transact(() => {
    const root = doc.getMap('r')
    for (const key of deletes) root.delete(key)
    for (const [key, value] of sets) root.set(key, untyped(value))
  })
  return { update, ...said(doc) }
}

const answer = request => request.read ? said(loaded(request.read)) : written(request.write)
process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(answer)))
