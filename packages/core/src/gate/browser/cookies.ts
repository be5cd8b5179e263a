import { parseCookie, stringifySetCookie } from 'cookie'
import type { Sender } from '../../seam/caller.ts'

export type CookieReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly value: string }
  /** Two different values were sent. One of them was planted, and the server cannot tell which. */
  | { readonly kind: 'repeated' }

/** The refresh cookie. It is cleared with the same attributes with which it is set; otherwise browsers keep it. */
export interface StrictCookie {
  read(sender: Sender): CookieReading
  /** The `Set-Cookie` value that stores the cookie; without an age, until the browser closes. */
  set(value: string, maxAgeSeconds: number | undefined): string
  /** The `Set-Cookie` value that deletes the cookie. */
  clear(): string
}

export interface CookieSettings {
  /** Begins with `__Host-` where it is secure: browsers then insist on Secure, Path=/ and no Domain. */
  readonly name: string
  readonly secure: boolean
}

export function createStrictCookie({ name, secure }: CookieSettings): StrictCookie {
  // A `__Host-` cookie must have the path /. SameSite is a second line of defence; the gate's CSRF check is the first.
  // Written out twice, because an object that is put together by spreading costs ten times as much as the rest.
  const serialise = (value: string, maxAge: number | undefined): string =>
    maxAge === undefined
      ? stringifySetCookie({ name, value, path: '/', httpOnly: true, secure, sameSite: 'strict' })
      : stringifySetCookie({ name, value, maxAge, path: '/', httpOnly: true, secure, sameSite: 'strict' })
  return {
    read(sender) {
      const header = sender.headers.cookie
      if (typeof header !== 'string') return { kind: 'none' }
      let found: string | undefined
      // The parser keeps only the first cookie of a name, so each pair is parsed on its own.
      for (const pair of header.split(';')) {
        const value = parseCookie(pair, UNDECODED)[name]
        if (value === undefined || value === found) continue
        if (found !== undefined) return { kind: 'repeated' }
        found = value
      }
      return found === undefined ? { kind: 'none' } : { kind: 'value', value: found }
    },
    set: serialise,
    clear: () => serialise('', 0),
  }
}

/** Refresh tokens are written without escapes, so an escaped value is not a refresh token. */
const UNDECODED = { decode: (value: string) => value }
