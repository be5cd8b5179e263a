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
  /** For {@link StoreName} `postgres`. */
  readonly databaseUrl?: string
  /** Where ours keeps sessions. Default `redis`. */
  readonly store?: StoreName
  /** For the flood: ours with its limiter. */
  readonly limited?: boolean
  /** Default: nobody is watching. */
  readonly watched?: Watched
}

export type StoreName = 'memory' | 'redis' | 'postgres'

/** Ours with a trail in files of its own. */
export interface Watched {
  /** The trail alone; with rules, activity and metrics besides; or with one use of a token in a hundred. */
  readonly by: 'trail' | 'everything' | 'samples'
  readonly subjects: 'pseudonyms' | 'plain'
  readonly folder: string
}

/** How often and how long something is measured; all contenders take turns. */
export interface Rounds {
  readonly count: number
  /** Of each round. */
  readonly seconds: number
  /** In how many of them the peers are measured. */
  readonly peers: number
}

/** How much is measured. */
export interface Extent {
  readonly full: boolean
  readonly verify: Rounds
  /** At a steady rate: bare, the limit and ours alone. */
  readonly latency: { readonly count: number /** In each round. */; readonly requests: number }
  readonly refresh: Rounds
  /** How many tokens are in use, one set after the other. */
  readonly tokens: readonly number[]
  readonly algorithms: readonly Algorithm[]
}

export const quick: Extent = {
  full: false,
  verify: { count: 45, seconds: 0.25, peers: 15 },
  latency: { count: 75, requests: 1200 },
  refresh: { count: 15, seconds: 0.6, peers: 5 },
  tokens: [1000],
  algorithms: ['ES256'],
}
export const full: Extent = {
  full: true,
  verify: { count: 120, seconds: 0.25, peers: 60 },
  latency: { count: 150, requests: 1200 },
  refresh: { count: 30, seconds: 1, peers: 10 },
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
