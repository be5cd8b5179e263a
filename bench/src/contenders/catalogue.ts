import { type Algorithm, algorithms, type Framework } from '../setup.ts'

/** What stands in front of the handler: nothing, a `Map`, ours, or a peer. */
export type Guard =
  | 'bare'
  | 'limit'
  | 'ours'
  | 'express-jwt'
  | 'express-oauth2-jwt-bearer'
  | 'passport-jwt'
  | 'koa-jwt'
  | '@fastify/jwt'

/** How a peer is set up; `exists`: with one Redis EXISTS per request, which makes it revocable. */
export interface Manner {
  /** `readme` where its README shows something slower than what it can do. */
  readonly setting: 'fastest' | 'readme'
  readonly exists: boolean
}

export interface Contender extends Manner {
  /** Names it within its framework. */
  readonly id: string
  readonly framework: Framework
  readonly guard: Guard
  /** For people. */
  readonly label: string
  readonly algorithms: readonly Algorithm[]
  /** Whether it remembers tokens, so that their number matters and each has to be used once before. */
  readonly remembers: boolean
  /** Whether the quick mode leaves it out. */
  readonly fullOnly: boolean
}

interface Peer {
  readonly framework: Framework
  readonly guard: Guard
  readonly fastest: string
  readonly readme?: string
  readonly algorithms: readonly Algorithm[]
  readonly remembers: boolean
}

/** jsonwebtoken 9 has no EdDSA. */
const jsonwebtoken: readonly Algorithm[] = ['ES256', 'RS256']

const peers: readonly Peer[] = [
  {
    framework: 'express',
    guard: 'express-jwt',
    fastest: 'KeyObject',
    readme: 'PEM',
    algorithms: jsonwebtoken,
    remembers: false,
  },
  {
    framework: 'express',
    guard: 'passport-jwt',
    fastest: 'KeyObject',
    readme: 'PEM',
    algorithms: jsonwebtoken,
    remembers: false,
  },
  {
    framework: 'express',
    guard: 'express-oauth2-jwt-bearer',
    fastest: 'public JWK',
    algorithms,
    remembers: false,
  },
  {
    framework: 'koa',
    guard: 'koa-jwt',
    fastest: 'KeyObject',
    readme: 'PEM',
    algorithms: jsonwebtoken,
    remembers: false,
  },
  {
    framework: 'fastify',
    guard: '@fastify/jwt',
    fastest: 'cache enlarged',
    readme: 'no cache',
    algorithms,
    remembers: true,
  },
]

/** Every contender for verification, in the order of the tables. */
export const contenders: readonly Contender[] = (['express', 'koa', 'fastify'] as const).flatMap(
  (framework) => [
    ...(['bare', 'limit', 'ours'] as const).map((guard) => own(framework, guard)),
    ...peers.filter((peer) => peer.framework === framework).flatMap(variants),
  ],
)

export function isPeer({ guard }: Contender): boolean {
  return guard !== 'bare' && guard !== 'limit' && guard !== 'ours'
}

function own(framework: Framework, guard: 'bare' | 'limit' | 'ours'): Contender {
  const label = { bare: 'bare', limit: 'limit: a Map', ours: 'Sallyport, revocable, Redis' }[guard]
  const remembers = guard !== 'bare'
  return {
    id: guard,
    framework,
    guard,
    label,
    setting: 'fastest',
    exists: false,
    algorithms,
    remembers,
    fullOnly: false,
  }
}

function variants(peer: Peer): Contender[] {
  const { framework, guard, fastest, readme } = peer
  const variant = (setting: Manner['setting'], exists: boolean, how: string): Contender => ({
    id: `${guard}:${setting}${exists ? ':exists' : ''}`,
    framework,
    guard,
    label: `${guard}, ${how}${exists ? ' + EXISTS' : ''}`,
    setting,
    exists,
    algorithms: peer.algorithms,
    remembers: peer.remembers && setting === 'fastest',
    fullOnly: setting === 'readme' && !peer.remembers,
  })
  const all = [variant('fastest', false, fastest), variant('fastest', true, fastest)]
  if (readme !== undefined) all.push(variant('readme', false, readme))
  // Without its cache, which is off by default, is how most run it: so that gets its EXISTS as well.
  if (readme !== undefined && peer.remembers) all.push(variant('readme', true, readme))
  return all
}

/** Who answers `POST /auth/refresh`. */
export type Rotator = 'ours' | 'limit' | 'naive' | 'naive-pem'

export interface RotatorEntry {
  readonly id: Rotator
  readonly label: string
  readonly algorithms: readonly Algorithm[]
  readonly fullOnly: boolean
}

export const rotators: readonly RotatorEntry[] = [
  { id: 'limit', label: 'limit: one EVALSHA, one signature', algorithms, fullOnly: false },
  { id: 'ours', label: 'Sallyport, Redis', algorithms, fullOnly: false },
  { id: 'naive', label: 'naive rotation, KeyObject', algorithms: jsonwebtoken, fullOnly: false },
  { id: 'naive-pem', label: 'naive rotation, PEM', algorithms: jsonwebtoken, fullOnly: true },
]
