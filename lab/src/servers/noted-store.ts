import { memoryStore, type StoreDriver } from '@sallyport/express'

export interface NotedStore {
  readonly driver: StoreDriver
  /** What the store was given, call by call, as JSON. A dump of it could hold no more. */
  dump(): string
}

/** The store in memory, along with a note of whatever it is given. */
export function notedStore(): NotedStore {
  const { name, shared, open } = memoryStore()
  const notes: Readonly<Record<string, readonly unknown[]>>[] = []

  /** The same object, whose methods note their arguments first. */
  function noted<Part extends object>(part: Part, path = ''): Part {
    return new Proxy(part, {
      get(target, member) {
        const value: unknown = Reflect.get(target, member)
        const at = `${path}${String(member)}`
        if (typeof value === 'object' && value !== null) return noted(value, `${at}.`)
        if (typeof value !== 'function') return value
        return (...given: readonly unknown[]): unknown => {
          if (given.some(saysSomething)) notes.push({ [at]: given })
          return Reflect.apply(value, target, given)
        }
      },
    })
  }

  return {
    driver: { name, shared, open: async (context) => noted(await open(context)) },
    dump: () => JSON.stringify(notes, withBytes),
  }
}

const saysSomething = (given: unknown): boolean =>
  typeof given === 'string' || (typeof given === 'object' && given !== null)

/** Bytes as text, which is what a thief looks through. A `Buffer` would make something else of itself before. */
function withBytes(this: Readonly<Record<string, unknown>>, member: string, value: unknown): unknown {
  const given = this[member]
  return given instanceof Uint8Array ? Buffer.from(given).toString('base64url') : value
}
