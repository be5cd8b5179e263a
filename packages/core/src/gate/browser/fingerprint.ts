import { hash } from 'node:crypto'
import type { Random } from '../../ports/clock.ts'
import type { Sender } from '../../seam/caller.ts'
import { type CookieSettings, createStrictCookie } from './cookies.ts'

/** The cookie by which a browser shows that tokens are its own. */
export interface Fingerprint {
  /** Its hash, as tokens have it. */
  readonly fgp: string
  /** The `Set-Cookie` value that stores it; without an age, until the browser closes. */
  cookie(maxAgeSeconds: number | undefined): string
}

export interface Fingerprints {
  /** The one that a request shows; `undefined` if it shows none. */
  of(sender: Sender): Fingerprint | undefined
  /** A new one; `undefined` if sessions are not bound to one. */
  make(): Fingerprint | undefined
}

const BYTES = 32
const VALUE = /^[\w-]{43}$/
const NONE: Fingerprints = { of: () => undefined, make: () => undefined }

/** @param settings `undefined` if sessions are not bound to a cookie */
export function createFingerprints(settings: CookieSettings | undefined, random: Random): Fingerprints {
  if (settings === undefined) return NONE
  const cookie = createStrictCookie(settings)
  const fingerprint = (value: string): Fingerprint => ({
    fgp: hash('sha256', value, 'base64url'),
    cookie: (maxAgeSeconds) => cookie.set(value, maxAgeSeconds),
  })
  return {
    of(sender) {
      const sent = cookie.read(sender)
      return sent.kind === 'value' && VALUE.test(sent.value) ? fingerprint(sent.value) : undefined
    },
    make: () => fingerprint(Buffer.from(random(BYTES)).toString('base64url')),
  }
}
