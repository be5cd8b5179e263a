import { parseCookie, stringifySetCookie } from 'cookie'
import type { RequestView } from './seam.ts'

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
  const attributes = { path: '/', httpOnly: true, secure: true, sameSite: 'strict' } as const
  return {
    read(view) {
      const header = view.headers.cookie
      if (typeof header !== 'string') return { kind: 'none' }
      const values = new Set<string>()
      // The parser keeps the first of a name, so each pair is parsed by itself.
      for (const pair of header.split(';')) {
        const value = parseCookie(pair, { decode: (text) => text })[name]
        if (value !== undefined) values.add(value)
      }
      const [value] = values
      if (value === undefined) return { kind: 'none' }
      return values.size > 1 ? { kind: 'repeated' } : { kind: 'value', value }
    },
    set: (value, maxAgeSeconds) => stringifySetCookie({ name, value, maxAge: maxAgeSeconds, ...attributes }),
    clear: () => stringifySetCookie({ name, value: '', maxAge: 0, ...attributes }),
  }
}
