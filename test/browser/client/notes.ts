import type { Request, Response } from 'express'

/** A request of a page, and whose token it carried. */
export interface Note {
  readonly path: string
  /** The token as it came. `undefined`: there was none. */
  readonly token: string | undefined
  readonly sub: string | undefined
  readonly sid: string | undefined
  /** The generation of the session that the token came with. */
  readonly gen: number | undefined
  /** When the page sent it, by the header `X-Sent`; or else when it came. Milliseconds since the epoch. */
  readonly at: number
  /** Until when the server takes the token. Milliseconds since the epoch. */
  readonly expiresAt: number | undefined
  /** What came of it, and when. */
  answered?: { readonly status: number; readonly at: number }
}

export function note(req: Request, res: Response): Note {
  const token = /^(?:Bearer|DPoP) (.+)$/.exec(req.get('Authorization') ?? '')?.[1]
  const claims = token === undefined ? {} : read(token)
  const at = Number(req.get('X-Sent') ?? Date.now())
  const { sub, sid, gen, exp } = claims
  const expiresAt = exp === undefined ? undefined : exp * 1000
  const noted: Note = { path: req.originalUrl, token, sub, sid, gen, at, expiresAt }
  res.once('finish', () => {
    noted.answered = { status: res.statusCode, at: Date.now() }
  })
  return noted
}

/** The claims of a token, unverified: the test wants to see what was sent, good or not. */
function read(token: string): { sub?: string; sid?: string; gen?: number; exp?: number } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
}

/** The requests with a token although one of a later generation had been sent a while before, by any tab. */
export function stale(notes: readonly Note[], toleranceMilliseconds: number): readonly Note[] {
  const sent = notes.filter(({ gen }) => gen !== undefined).toSorted((one, other) => one.at - other.at)
  const newest = new Map<string | undefined, number>()
  let known = 0
  return sent.filter(({ sid, gen = 0, at }) => {
    for (let other = sent[known]; other && other.at + toleranceMilliseconds < at; other = sent[++known])
      newest.set(other.sid, Math.max(other.gen ?? 0, newest.get(other.sid) ?? 0))
    return gen < (newest.get(sid) ?? 0)
  })
}

/** The requests that were refused although their token was good. */
export function wronged(notes: readonly Note[]): readonly Note[] {
  return notes.filter(
    ({ answered, expiresAt = Number.POSITIVE_INFINITY }) =>
      answered?.status === 401 && answered.at < expiresAt,
  )
}
