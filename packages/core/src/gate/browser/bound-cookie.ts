import type { SessionId } from '../../ports/ids.ts'
import type { Sender } from '../../seam/caller.ts'
import type { Answer } from '../../seam/http.ts'
import type { BoundKeySettings, BoundKeys } from '../../sessions/bound-keys/index.ts'
import type { BrowserProof } from '../../sessions/refresh.ts'
import { jsonAnswer } from '../answers/answer.ts'
import { type CookieSettings, createStrictCookie } from './cookies.ts'
import type { OriginSettings } from './csrf.ts'

/** What browsers are told, and tell, of the keys to which their sessions are bound (DBSC). */
export interface BoundCookies {
  /** Asks the browser, with the answer to a sign-in, to register a key for the new session. */
  offer(session: SessionId): Answer['headers']
  /** What a request shows of the key of its session; `undefined` if no session has to show one. */
  proofOf(sender: Sender, session: SessionId): BrowserProof | undefined
  /** The answer by which a browser learns when to prove its key, and gets the cookie that shows it until then. */
  bound(session: SessionId, cookie: string): Answer
  /** The answer by which a browser forgets the key of a session. */
  over(session: string): Answer
  /** The `Set-Cookie` values that delete the cookie; none if no session has one. */
  cleared(): readonly string[]
}

export interface BoundCookiesParts {
  readonly boundKeys: BoundKeys | undefined
  readonly settings: {
    readonly boundKeys: BoundKeySettings | undefined
    readonly boundCookie: CookieSettings
    readonly authPath: string
    readonly origins: OriginSettings
  }
}

export const BOUND_PATHS = { register: '/dbsc/registration', prove: '/dbsc/refresh' } as const

const SKIPPED = /\b(unreachable|server_error|quota_exceeded)\b/

export function createBoundCookies({ boundKeys, settings }: BoundCookiesParts): BoundCookies {
  const { boundCookie, authPath, origins } = settings
  const cookie = createStrictCookie(boundCookie)
  const { cookieSeconds, paths } = settings.boundKeys ?? { cookieSeconds: 0, paths: [] }
  const attributes = `Path=/; ${boundCookie.secure ? 'Secure; ' : ''}HttpOnly; SameSite=Strict`
  const initiators = [...origins.allowed].filter((one) => /^https?:/.test(one))
  const instructions = {
    refresh_url: authPath + BOUND_PATHS.prove,
    scope: {
      include_site: false,
      // The last rule that fits counts, so no other request ever waits for the cookie.
      scope_specification: [
        { type: 'exclude', domain: '*', path: '/' },
        ...[`${authPath}/refresh`, ...paths].map((path) => ({ type: 'include', domain: '*', path })),
      ],
    },
    credentials: [{ type: 'cookie', name: boundCookie.name, attributes }],
    allowed_refresh_initiators: initiators.map((one) => new URL(one).hostname),
  }

  return {
    offer(session): Answer['headers'] {
      if (boundKeys === undefined) return {}
      const path = authPath + BOUND_PATHS.register
      const challenge = boundKeys.offer(session)
      return { 'Secure-Session-Registration': `(ES256 RS256);path="${path}";challenge="${challenge}"` }
    },
    proofOf(sender, session) {
      if (boundKeys === undefined) return undefined
      const sent = cookie.read(sender)
      const jkt = sent.kind === 'value' ? boundKeys.shownBy(session, sent.value) : undefined
      const skipped = sender.headers['secure-session-skipped']
      return { jkt, skipped: typeof skipped === 'string' ? SKIPPED.exec(skipped)?.[1] : undefined }
    },
    bound: (session, value) =>
      jsonAnswer(200, { session_identifier: session, ...instructions }, [cookie.set(value, cookieSeconds)]),
    over: (session) => jsonAnswer(200, { session_identifier: session, continue: false }),
    cleared: () => (boundKeys === undefined ? [] : [cookie.clear()]),
  }
}
