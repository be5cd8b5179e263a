import type { JWK } from 'jose'

export const frameworks = ['express', 'koa', 'fastify'] as const
export type Framework = (typeof frameworks)[number]

export const algorithms = ['ES256', 'RS256', 'EdDSA'] as const
export type Algorithm = (typeof algorithms)[number]

export const ISSUER = 'https://auth.example.com'
export const AUDIENCE = 'https://api.example.com'
export const SCOPE = 'profile:read'
export const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

/** What every contender of a run is given; it travels in a file, since it holds a private key. */
export interface Setup {
  readonly algorithm: Algorithm
  /** With `kid` and `alg`. */
  readonly privateJwk: JWK
  readonly redisUrl: string
  /** For the flood: ours with its limiter. */
  readonly limited?: boolean
}

/** How much is measured. */
export interface Extent {
  readonly full: boolean
  readonly rounds: number
  /** Seconds of each round. */
  readonly seconds: number
  /** In how many of them the peers are measured. */
  readonly peerRounds: number
  /** Slices of time at a steady rate, for latencies. */
  readonly slices: number
  readonly sliceSeconds: number
  /** How many tokens are in use, one set after the other. */
  readonly tokens: readonly number[]
  readonly algorithms: readonly Algorithm[]
}

export const quick: Extent = {
  full: false,
  rounds: 15,
  seconds: 0.6,
  peerRounds: 5,
  slices: 60,
  sliceSeconds: 0.3,
  tokens: [1000],
  algorithms: ['ES256'],
}
export const full: Extent = {
  full: true,
  rounds: 21,
  seconds: 1,
  peerRounds: 9,
  slices: 120,
  sliceSeconds: 0.3,
  tokens: [1, 1000, 100_000],
  algorithms,
}

/** What a section measured: for people, and for programs. */
export interface Report {
  readonly markdown: string
  readonly results: unknown
  /** SVG. */
  readonly chart?: string | undefined
}

export type Say = (line: string) => void
