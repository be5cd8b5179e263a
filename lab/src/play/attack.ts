import type { Duration } from '@sallyport/testing'
import type { MintedToken } from '../servers/server.ts'

/** An attack: what it is about, and the steps that it takes. */
export interface Attack {
  readonly name: string
  readonly title: string
  /** Two sentences: what the attacker has, and what the attacker does with it. */
  readonly story: string
  /** What is wrong with the naive server. */
  readonly hole: string
  /** What Sallyport does instead. */
  readonly defence: string
  /** The page of the guide. */
  readonly guide: string
  /** Takes the same steps against each server. Resolves to whether the attacker got what they wanted. */
  play(scene: Scene): Promise<boolean>
}

/** What is said of an attack before it is played. */
export type Listed = Pick<Attack, 'name' | 'title' | 'story'>

/** One server, seen from outside. */
export interface Scene {
  /** Sends a request, and records it with its answer. */
  send(says: string, request: Sent): Promise<Received>
  /** Lets time pass on the server. */
  pass(duration: Duration): void
  /** Makes a token with the server's own private key. */
  mint(wanted: MintedToken): string
}

export interface Sent {
  readonly method?: 'GET' | 'POST'
  readonly path: string
  /** The access token, for the header `Authorization`. */
  readonly bearer?: string
  /** The refresh cookie, as it was received. */
  readonly cookie?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, string>>
}

export interface Received {
  readonly status: number
  readonly text: string
  /** The access token of the answer. Empty if there is none. */
  readonly accessToken: string
  /** The refresh token in the body of the answer, where scripts can read it. Empty if there is none. */
  readonly bodyToken: string
  /** The refresh cookie, as a browser sends it back. Empty if there is none. */
  readonly cookie: string
  /** Whether a browser adds that cookie to what scripts of other sites send. */
  readonly goesCrossSite: boolean
  /** The origin whose scripts may read the answer to a request with cookies. Empty if there is none. */
  readonly readableBy: string
}

/** How an attack ended against one server. */
export type Verdict = 'succeeded' | 'failed'

/** A request and its answer, as lines, with tokens shortened. */
export interface Exchange {
  readonly request: readonly string[]
  readonly status: number
  readonly answer: readonly string[]
}

export interface Step {
  readonly says: string
  readonly naive: Exchange
  readonly sallyport: Exchange
}

/** What became of an attack against both servers. */
export interface Report extends Omit<Attack, 'play'> {
  readonly steps: readonly Step[]
  readonly verdicts: { readonly naive: Verdict; readonly sallyport: Verdict }
}
