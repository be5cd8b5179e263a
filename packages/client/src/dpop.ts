import { type KeyStorage, keysInDatabase, keysInMemory } from './key-storage.ts'
import type { ProofKey } from './options.ts'
import { newKeyPair } from './proof.ts'
import { createProver } from './prover.ts'
import { grantIn } from './tokens.ts'

export type { KeyStorage, WebCryptoKey, WebCryptoKeyPair } from './key-storage.ts'
export type { ProofKey } from './options.ts'

/** Options of `dpopKey`. */
export interface DpopKeyOptions {
  /** Tells the keys of one origin apart. Default `session`. */
  readonly name?: string | undefined
  /**
   * Where keys are kept. They can be exported then, so that they can be written somewhere. Default: IndexedDB, where no script can
   * read them; where there is none, in memory.
   */
  readonly storage?: KeyStorage | undefined
}

/**
 * A key to which the tokens of a session are bound, so that they are worth nothing elsewhere (ES256). Each sign-in makes one,
 * all tabs share it, and a sign-out deletes it. If it is gone, such as with the site's data, the user has to sign in again.
 *
 * Throws a `TypeError` where there is no WebCrypto, such as in pages that are neither https nor localhost.
 *
 * ```ts
 * import { createClient } from '@sallyport/client'
 * import { dpopKey } from '@sallyport/client/dpop'
 *
 * const client = createClient({ dpop: dpopKey() })
 * const body = new URLSearchParams({ username: 'alice', password: 'a password' })
 * await client.signIn((_token, fetch) => fetch('/auth/login', { method: 'POST', body }))
 * ```
 *
 * @see [RFC 9449](https://www.rfc-editor.org/rfc/rfc9449.html)
 */
export function dpopKey({ name = 'session', storage }: DpopKeyOptions = {}): ProofKey {
  if (globalThis.crypto?.subtle === undefined)
    throw new TypeError('dpopKey needs WebCrypto: in pages, https or localhost')
  const keys = storage ?? (globalThis.indexedDB === undefined ? keysInMemory() : keysInDatabase(name))
  const prover = createProver()

  /** After a sign-in whose answer was lost, it may be either of two keys. */
  async function sendByAny(request: Request, send: typeof fetch): Promise<Response> {
    const pairs = await keys.load()
    let answer: Response | undefined
    for (const pair of pairs) {
      answer = await prover.send(request.clone(), { pair, token: undefined, send })
      if ((await prover.refusalIn(answer)) !== undefined) continue
      if (answer.ok && pairs.length > 1) await keys.save([pair])
      break
    }
    return answer ?? send(request)
  }

  async function send(request: Request, fetch: typeof globalThis.fetch): Promise<Response> {
    const [scheme, token] = request.headers.get('Authorization')?.split(' ') ?? []
    if (token === undefined) return sendByAny(request, fetch)
    const [pair] = scheme === 'DPoP' ? await keys.load() : []
    return pair === undefined ? fetch(request) : prover.send(request, { pair, token, send: fetch })
  }

  return {
    send,
    async signIn(request, fetch) {
      if (request.headers.has('Authorization')) return send(request, fetch)
      // A sign-in must not fail for what is in the way of an earlier one.
      const before = await keys.load().catch(() => [])
      const pair = await newKeyPair(storage !== undefined)
      await keys.save([...before.slice(0, 1), pair])
      const answer = await prover.send(request, { pair, token: undefined, send: fetch })
      await keys.save((await grantIn(answer)) === undefined ? before : [pair])
      return answer
    },
    forget: () => keys.save([]),
  }
}
