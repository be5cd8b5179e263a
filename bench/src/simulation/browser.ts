import { randomUUID } from 'node:crypto'

export type Given =
  | { readonly kind: 'tokens'; readonly cookie: string; readonly accessToken: string }
  /** 401: the session is over. */
  | { readonly kind: 'ended' }

export interface Sender {
  readonly ip: string
  /** The refresh cookie, as the header has it. */
  readonly cookie?: string | undefined
  readonly key?: string | undefined
}

/** Where a browser gets its tokens. It never forgets an answer; the network may. */
export interface TokenServer {
  signIn(subject: string, sender: Sender): Promise<Given>
  refresh(sender: Sender): Promise<Given>
}

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
  /** Drops the cookie, as after a sign-out. */
  forget(): void
}

export function createBrowser(server: TokenServer, keyed: boolean): Browser {
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
      const answer = await server.signIn(subject, { ip, key: keyOfAttempt() })
      if (answer.kind === 'ended') throw new Error('a sign-in was refused')
      cookie = answer.cookie
      pendingKey = undefined
      return answer.accessToken
    },
    async refresh(ip) {
      if (cookie === undefined) throw new Error('there is no cookie to refresh with')
      const sent = { cookie, key: keyOfAttempt() }
      return { sent, answer: await server.refresh({ ip, ...sent }) }
    },
    land(flight) {
      landUnseen(flight)
      if (flight.answer.kind === 'ended' && flight.sent.cookie === cookie) cookie = undefined
      if (flight.sent.key === pendingKey) pendingKey = undefined
    },
    landUnseen,
    forget() {
      cookie = undefined
    },
  }
}
