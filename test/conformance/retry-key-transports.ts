import type { Fields, Reply, Send } from './client.ts'
import { type Expected, expectReply } from './expectations.ts'
import { exchangeBy, login, PASSWORD, refreshBy, type SignedIn, signedIn, type Visitor } from './visitor.ts'

/** How refresh tokens travel. The rule of rotation is the same for both. */
export interface Transport {
  readonly name: string
  signInBy(user: string, headers?: Fields): Send
  refreshBy(token: string, headers?: Fields): Send
  /** The answer to a refresh of a session that is over. */
  readonly dead: Expected
}

export const transports: readonly Transport[] = [
  {
    name: 'in the cookie',
    signInBy: (user, headers) => login(user, PASSWORD, headers),
    refreshBy,
    dead: { status: 401, error: 'invalid_grant', cookie: 'kept' },
  },
  {
    name: 'in the body',
    signInBy: (user, headers) => login(user, PASSWORD, { 'x-token-transport': 'body', ...headers }),
    refreshBy: (token, headers) => exchangeBy(token, {}, headers),
    dead: { status: 400, error: 'invalid_grant', cookie: 'kept' },
  },
]

/** Two attempts to refresh have different keys. */
export const KEY = 'attempt-of-a-client_01'
export const OTHER_KEY = 'attempt-of-a-client_02'

export const keyed = (key: string | readonly string[]): Fields => ({ 'idempotency-key': key })

/** Somebody whose tokens travel in one way. */
export class Client {
  readonly transport: Transport
  readonly visitor: Visitor

  constructor(transport: Transport, visitor: Visitor) {
    this.transport = transport
    this.visitor = visitor
  }

  async signIn(headers?: Fields): Promise<SignedIn> {
    return signedIn(await this.visitor.send(this.transport.signInBy(this.visitor.user, headers)))
  }

  /** A refresh that must succeed. */
  async refresh({ refresh }: SignedIn, headers?: Fields): Promise<SignedIn> {
    return signedIn(await this.tryRefresh(refresh, headers))
  }

  tryRefresh(token: string, headers?: Fields): Promise<Reply> {
    return this.visitor.send(this.transport.refreshBy(token, headers))
  }

  /** Presents a token that must count as stolen, and checks that the session died of it. */
  async expectTheft(presented: SignedIn, current: SignedIn, headers?: Fields): Promise<void> {
    expectReply(await this.tryRefresh(presented.refresh, headers), this.transport.dead)
    await this.expectRefused(current.token)
    expectReply(await this.tryRefresh(current.refresh), this.transport.dead)
  }

  async expectAlive({ token, refresh }: SignedIn): Promise<void> {
    await this.expectGood(token)
    expectReply(await this.tryRefresh(refresh), { status: 200 })
  }

  async expectGood(token: string): Promise<void> {
    expectReply(await this.visitor.me(token), { status: 200 })
  }

  async expectRefused(token: string): Promise<void> {
    expectReply(await this.visitor.me(token), { status: 401, error: 'invalid_token' })
  }
}
