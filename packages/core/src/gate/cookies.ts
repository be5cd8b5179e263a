import { parseCookie, stringifySetCookie } from 'cookie'
import type { RequestView } from '../seam/http.ts'

export type CookieReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly value: string }
  /** Two different values: one of them was planted, and there is no telling which. */
  | { readonly kind: 'repeated' }

/** The refresh cookie: read, set and cleared with the same attributes. */
export interface RefreshCookie {
  read(view: RequestView): CookieReading
  set(value: string, maxAgeSeconds: number): string
  clear(): string
}

/** @param name must begin with `__Host-`, which makes browsers insist on Secure, Path=/ and no Domain */
export function createRefreshCookie(name: string): RefreshCookie {
  // A `__Host-` cookie must have the path /; SameSite is a second line, the gate's CSRF check the first.
  const written = (value: string, maxAge: number): string =>
    stringifySetCookie({ name, value, maxAge, path: '/', httpOnly: true, secure: true, sameSite: 'strict' })
  return {
    read(view) {
      const header = view.headers.cookie
      if (typeof header !== 'string') return { kind: 'none' }
      let found: string | undefined
      // The parser keeps the first of a name, so each pair is parsed by itself.
      for (const pair of header.split(';')) {
        const value = parseCookie(pair, AS_IS)[name]
        if (value === undefined || value === found) continue
        if (found !== undefined) return { kind: 'repeated' }
        found = value
      }
      return found === undefined ? { kind: 'none' } : { kind: 'value', value: found }
    },
    set: written,
    clear: () => written('', 0),
  }
}

/** Refresh tokens are spelled without escapes. */
const AS_IS = { decode: (text: string) => text }
