import { UnavailableError } from '../../errors.ts'
import type { Session } from '../../ports/session.ts'
import { type Callers, userAgentOf } from '../../seam/caller.ts'
import type { RequestView } from '../../seam/http.ts'
import type { FindSession } from '../../sessions/pages/find.ts'
import type { HandOver } from '../../sessions/pages/hand-over.ts'
import type { RefreshTicket, RefreshTokens } from '../../sessions/tokens/refresh-token.ts'
import type { TokenSet } from '../../sessions/tokens/token-set.ts'
import type { Required } from '../../watch/audit/required.ts'
import { accessMembers } from '../answers/tokens.ts'
import type { Bonds } from '../bonds.ts'
import { faultOf, UNWRITTEN } from '../refuse.ts'
import type { BoundCookies } from './bound-cookie.ts'
import type { StrictCookie } from './cookies.ts'

/** What a page is rendered with for a signed-in user. */
export interface HandedOver {
  readonly session: Session
  /** The access token; `undefined` if this page gets none. */
  readonly accessToken: string | undefined
  /**
   * A `<script type="application/json">` for the page, from which `@sallyport/client` takes the access token. It is data,
   * which every Content-Security-Policy allows. Empty if there is none.
   */
  readonly element: string
}

/** Steps for pages, which are opened with the refresh cookie alone. */
export interface Pages {
  /** Rejects with a `TypeError` for a method that may change something. */
  find(view: RequestView): Promise<Session | undefined>
  /** The same. */
  handOver(view: RequestView): Promise<HandedOver | undefined>
}

export interface PagesParts {
  readonly find: FindSession
  readonly handOver: HandOver
  readonly refreshTokens: Pick<RefreshTokens, 'parse'>
  readonly cookie: StrictCookie
  readonly boundCookies: BoundCookies
  readonly bonds: Bonds
  readonly required: Required
  readonly callers: Callers
}

export function createPages(parts: PagesParts): Pages {
  const { find, refreshTokens, cookie, boundCookies, bonds, callers } = parts
  const handOver = parts.required.step(parts.handOver, () => {
    throw faultOf(UNWRITTEN)
  })

  /** The refresh token of a page; `undefined` if it has none, or does not show what that asks for. */
  async function ticketOf(view: RequestView): Promise<RefreshTicket | undefined> {
    const sent = cookie.read(view)
    const ticket = sent.kind === 'value' ? refreshTokens.parse(sent.value) : undefined
    if (ticket?.transport !== 'cookie') return undefined
    if (ticket.bond === undefined) return ticket
    // It shows cookies and no proof, so it finds no session that is bound to a key. That is in the course of things, and
    // not told.
    if (ticket.bond.members.includes('jkt') && view.headers.dpop === undefined) return undefined
    const shown = await bonds.ofRefresh(view, ticket.bond)
    if (shown.kind === 'shown') return ticket
    if (shown.problem === 'store_unavailable') throw new UnavailableError()
    return undefined
  }

  async function findSession(view: RequestView): Promise<Session | undefined> {
    const ticket = await ticketOf(view)
    const reading = ticket && (await find(ticket, boundCookies.proofOf(view, ticket.session)))
    if (reading?.kind === 'unavailable') throw new UnavailableError()
    return reading?.kind === 'read' ? reading.session : undefined
  }

  return {
    async find(view) {
      refuseChanges('sessions.find', view)
      return findSession(view)
    },
    async handOver(view) {
      refuseChanges('sessions.handOver', view)
      if (!isNavigation(view)) {
        const session = await findSession(view)
        return session && handedOver(session, undefined)
      }
      const ticket = await ticketOf(view)
      const visit = { caller: callers.of(view), userAgent: userAgentOf(view) }
      const outcome = ticket && (await handOver(ticket, visit, boundCookies.proofOf(view, ticket.session)))
      if (outcome?.kind === 'unavailable') throw new UnavailableError()
      return outcome?.kind === 'found' ? handedOver(outcome.session, outcome.tokens) : undefined
    },
  }
}

/** The cookie alone lets nobody change anything: a page of another site could send it along. */
function refuseChanges(call: string, { method }: RequestView): void {
  if (method !== 'GET' && method !== 'HEAD')
    throw new TypeError(`${call}: only for GET and HEAD; use authMiddleware for what changes something`)
}

/**
 * Whether a page is being opened. What a script fetches might be read by a page of another origin, if the application lets
 * that one read its pages.
 */
function isNavigation({ headers }: RequestView): boolean {
  const mode = headers['sec-fetch-mode']
  return mode === undefined || mode === 'navigate'
}

function handedOver(session: Session, tokens: TokenSet | undefined): HandedOver {
  if (tokens === undefined) return { session, accessToken: undefined, element: '' }
  // No content of an element may end it.
  const json = JSON.stringify(accessMembers(tokens)).replaceAll('<', '\\u003c')
  const element = `<script type="application/json" id="sallyport">${json}</script>`
  return { session, accessToken: tokens.accessToken, element }
}
