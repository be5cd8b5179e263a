import { decryptCompact, encryptCompact, kidOfCompact } from '../keys/envelope.ts'
import type { Document, DocumentStore } from '../ports/optional/documents.ts'
import type { DerivedKeys } from '../secrets.ts'

/**
 * The documents of the store, encrypted under the current secret: they may have credentials, and say where messages go. One
 * that none of the secrets opens, or that somebody has put under another name or version, is missing when it is read.
 */
export type Documents = DocumentStore

interface Content {
  readonly name: string
  readonly version: number
  readonly body: string
}

/** @param secrets the current one first; it seals, and all of them unseal */
export function createDocuments(
  store: DocumentStore,
  secrets: readonly [DerivedKeys, ...DerivedKeys[]],
  notice: (message: string) => void,
): Documents {
  const [current] = secrets
  const told = new Set<string>()

  function seal(content: Content): Promise<string> {
    const plain = new TextEncoder().encode(JSON.stringify(content))
    return encryptCompact(plain, current.documents, { kid: current.id })
  }

  async function unseal(name: string, { version, body: sealed }: Document): Promise<Document | undefined> {
    if (version === 0) return { version, body: '' }
    const secret = secrets.find(({ id }) => id === kidOfCompact(sealed))
    const plain = secret && (await decryptCompact(sealed, secret.documents))
    if (plain === undefined) return undefined
    // It was encrypted here, so it is what was written.
    const content: Content = JSON.parse(new TextDecoder().decode(plain))
    if (content.name !== name || content.version !== version) return undefined
    if (secret !== current) void swap({ name, ifVersion: version, body: content.body, dropped: [] })
    return { version, body: content.body }
  }

  const swap: DocumentStore['swap'] = async ({ body, ...rest }) =>
    store.swap({ ...rest, body: await seal({ name: rest.name, version: rest.ifVersion + 1, body }) })

  return {
    async read(names) {
      const reading = await store.read(names)
      if (reading.kind === 'unavailable') return reading
      const documents = new Map<string, Document>()
      for (const name of names) {
        const kept = reading.documents.get(name)
        const document = kept && (await unseal(name, kept))
        if (document !== undefined) {
          documents.set(name, document)
          told.delete(name)
        } else if (!told.has(name)) {
          told.add(name)
          notice(`the document "${name}" cannot be read: it is damaged, or of another secret or issuer`)
        }
      }
      return { kind: 'read', documents }
    },
    swap,
    change: store.change,
    members: store.members,
  }
}
