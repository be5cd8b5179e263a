import type { Delivery, PushReceiver } from '../outbox/index.ts'
import type { Clock } from '../ports/clock.ts'
import { type OutboxMessage, SESSION_ENDED } from '../ports/optional/outbox.ts'
import type { SignStatement } from '../tokens/statements/sign.ts'
import { LOGOUT_EVENT } from './token.ts'

/** A service that is told when a session ends. */
export interface LogoutClient {
  readonly clientId: string
  readonly url: URL
  readonly timeoutMs: number
}

export interface SendingParts {
  readonly sign: SignStatement
  readonly clock: Clock
}

const TOKEN_SECONDS = 120
/** Answers after which another attempt may go better. A redirect is not followed, and may be gone later. */
const RETRIED: readonly number[] = [408, 425, 429]

/**
 * Sends the logout tokens of one service. Each attempt has a token of its own, since a service must refuse one that it
 * has seen, and the answer to the last attempt may have been lost.
 *
 * @see [OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.5](https://openid.net/specs/openid-connect-backchannel-1_0.html)
 */
export function createLogoutReceiver(
  { clientId, url, timeoutMs }: LogoutClient,
  { sign, clock }: SendingParts,
): PushReceiver {
  return {
    name: `logout ${clientId}`,
    kinds: new Set([SESSION_ENDED]),
    // A session ends once.
    order: 'any',
    timeoutMs,
    async deliver({ session, subject }: OutboxMessage, signal): Promise<Delivery> {
      const token = await sign('logout+jwt', {
        aud: clientId,
        exp: Math.floor(clock.now() / 1000) + TOKEN_SECONDS,
        events: { [LOGOUT_EVENT]: {} },
        ...(session === undefined ? {} : { sid: session }),
        ...(subject === undefined ? {} : { sub: subject }),
      })
      if (token.kind === 'unsigned') return { kind: 'unable' }
      const answer = await fetch(url, {
        ...{ method: 'POST', redirect: 'manual', signal },
        body: new URLSearchParams({ logout_token: token.jwt }),
      })
      await answer.body?.cancel()
      return deliveryOf(answer)
    },
  }
}

function deliveryOf({ ok, status, headers }: Response): Delivery {
  if (ok) return { kind: 'delivered' }
  const reason = `http_${status}`
  if (status >= 400 && status < 500 && !RETRIED.includes(status)) return { kind: 'refused', reason }
  const seconds = /^\d{1,6}$/.exec(headers.get('retry-after') ?? '')?.[0]
  return { kind: 'retry', reason, ...(seconds === undefined ? {} : { afterMs: Number(seconds) * 1000 }) }
}
