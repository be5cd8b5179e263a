import { randomUUID } from 'node:crypto'
import type { Given, Service } from './service.ts'

/** A refresh that the server has carried out, and whose answer is under way. */
export interface Flight {
  readonly sent: { readonly cookie: string; readonly key: string | undefined }
  readonly answer: Given
}

/** What all tabs of a browser share: the cookie, and the key of the refresh that has no answer yet. */
export interface Browser {
  cookie(): string | undefined
  /** Resolves to the access token. */
  signIn(subject: string, ip: string): Promise<string>
  refresh(ip: string): Promise<Flight>
  /** A page has the whole answer. */
  land(flight: Flight): void
  /** The browser has stored the cookie, but the page was closed and does not know. */
  landUnseen(flight: Flight): void
}

export function createBrowser(service: Service, keyed: boolean): Browser {
  let cookie: string | undefined
  let pendingKey: string | undefined

  /** The key is stored before the request leaves, so a repetition has it even after a crash. */
  function keyOfAttempt(): string | undefined {
    if (keyed) pendingKey ??= randomUUID()
    return pendingKey
  }

  function landUnseen({ answer }: Flight): void {
    if (answer.kind === 'tokens') cookie = answer.cookie
  }

  return {
    cookie: () => cookie,
    async signIn(subject, ip) {
      const answer = await service.signIn(subject, { ip, key: keyOfAttempt() })
      if (answer.kind === 'ended') throw new Error('a sign-in was refused')
      cookie = answer.cookie
      pendingKey = undefined
      return answer.accessToken
    },
    async refresh(ip) {
      if (cookie === undefined) throw new Error('there is no cookie to refresh with')
      const sent = { cookie, key: keyOfAttempt() }
      return { sent, answer: await service.refresh({ ip, ...sent }) }
    },
    land(flight) {
      landUnseen(flight)
      if (flight.answer.kind === 'ended' && flight.sent.cookie === cookie) cookie = undefined
      if (flight.sent.key === pendingKey) pendingKey = undefined
    },
    landUnseen,
  }
}
