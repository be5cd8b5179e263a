import type { Document, DocumentStore } from '@sallyport/core/store'
import type { Reply } from './commands.ts'
import { RING_SHARD } from './layout.ts'
import { arrayOf } from './replies.ts'
import type { SessionParts } from './session-parts.ts'

const UNWRITTEN: Document = { version: 0, body: '' }
/** What scripts return. */
const [CHANGED, FULL] = [0, 2]

/** Documents in one hash, and a hash for each set, all in one shard: so each step is one script or one command. */
export function createRedisDocuments({
  commands,
  layout,
  header,
}: Pick<SessionParts, 'commands' | 'layout' | 'header'>): DocumentStore {
  return {
    async read(names) {
      if (names.length === 0) return { kind: 'read', documents: new Map() }
      const answer = await commands.call(RING_SHARD, 'hmget', layout.documents, ...names)
      if (answer.kind === 'unavailable') return answer
      const documents = new Map<string, Document>()
      for (const [at, value] of arrayOf(answer.value).entries()) {
        const document = documentIn(value)
        const name = names[at]
        if (document !== undefined && name !== undefined) documents.set(name, document)
      }
      return { kind: 'read', documents }
    },
    async swap({ name, ifVersion, body, dropped }) {
      const keys = [layout.documents, ...dropped.map(layout.documentSet)]
      const args = [header(RING_SHARD, 0), name, ifVersion, body]
      const answer = await commands.runDurably('swap-document', RING_SHARD, keys, args)
      if (answer.kind === 'unavailable') return answer
      return { kind: answer.value === CHANGED ? 'changed' : 'swapped' }
    },
    async change({ name, ifVersion, set, member, isIn, most }) {
      const args = [header(RING_SHARD, 0), name, ifVersion, member, isIn ? 1 : 0, most]
      const keys = [layout.documents, layout.documentSet(set)]
      const answer = await commands.runDurably('change-member', RING_SHARD, keys, args)
      if (answer.kind === 'unavailable') return answer
      if (answer.value === CHANGED) return { kind: 'changed' }
      return { kind: answer.value === FULL ? 'full' : 'noted' }
    },
    async members(set, of) {
      if (of.length === 0) return { kind: 'read', members: new Set() }
      const answer = await commands.call(RING_SHARD, 'hmget', layout.documentSet(set), ...of)
      if (answer.kind === 'unavailable') return answer
      const found = arrayOf(answer.value)
      return { kind: 'read', members: new Set(of.filter((_, at) => found[at] !== null)) }
    },
  }
}

/** `undefined` for what this store did not write. */
function documentIn(value: Reply): Document | undefined {
  if (value === null) return UNWRITTEN
  if (!Buffer.isBuffer(value)) return undefined
  const [, version, body] = /^(\d{1,15}) (.*)$/s.exec(value.toString()) ?? []
  return body === undefined ? undefined : { version: Number(version), body }
}
