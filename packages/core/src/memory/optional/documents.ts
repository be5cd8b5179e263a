import type { Document, DocumentStore } from '../../ports/optional/documents.ts'

const UNWRITTEN: Document = { version: 0, body: '' }

/** Documents in the memory of this process. */
export function createMemoryDocuments(): DocumentStore {
  const documents = new Map<string, Document>()
  const sets = new Map<string, Set<string>>()
  const versionOf = (name: string): number => (documents.get(name) ?? UNWRITTEN).version

  return {
    read: (names) =>
      Promise.resolve({
        kind: 'read',
        documents: new Map(names.map((name) => [name, documents.get(name) ?? UNWRITTEN])),
      }),
    swap({ name, ifVersion, body, dropped }) {
      if (versionOf(name) !== ifVersion) return Promise.resolve({ kind: 'changed' })
      documents.set(name, { version: ifVersion + 1, body })
      for (const set of dropped) sets.delete(set)
      return Promise.resolve({ kind: 'swapped' })
    },
    change({ name, ifVersion, set, member, isIn, most }) {
      if (versionOf(name) !== ifVersion) return Promise.resolve({ kind: 'changed' })
      const members = sets.get(set) ?? new Set<string>()
      if (!isIn) members.delete(member)
      else if (!members.has(member) && members.size >= most) return Promise.resolve({ kind: 'full' })
      else members.add(member)
      if (members.size === 0) sets.delete(set)
      else sets.set(set, members)
      return Promise.resolve({ kind: 'noted' })
    },
    members: (set, of) =>
      Promise.resolve({
        kind: 'read',
        members: new Set(of.filter((member) => sets.get(set)?.has(member) === true)),
      }),
  }
}
