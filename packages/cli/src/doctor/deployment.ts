import type { KeyInfo, Sallyport, SallyportOptions } from '@sallyport/core'
import { collectNotices, loadCore, unwatched } from '../deployment/open.ts'
import { codeOf, messageOf, type Surroundings } from '../surroundings.ts'
import { now } from '../system.ts'
import type { Sighting } from './catalogue.ts'
import { isLoopback } from './options/index.ts'

const OLD_KEY_MS = 100 * 86_400_000

/** What the library says at its start, and what it is a sign of. */
const NOTICES: readonly (readonly [RegExp, string])[] = [
  // Only development starts with such a Redis.
  [/evicts keys/, 'redis-evicts'],
  [/keeps no append-only file/, 'redis-not-persistent'],
  [/asks for \d+ replicas/, 'redis-replicas'],
  [/does not let this user see maxmemory-policy/, 'redis-hidden'],
  [/\bclocks?\b/, 'store-clock'],
]
/** Why a store is refused. */
const FAULTS: readonly (readonly [RegExp, string])[] = [
  [/evicts keys/, 'redis-evicts'],
  [/Redis (?:refuses the user|does not let this user run)/, 'redis-rights'],
]

export interface Opened {
  readonly sightings: readonly Sighting[]
  /** The keys that sign or verify; `undefined` if they are not known. */
  readonly keys: readonly KeyInfo[] | undefined
}

/** By whose rules a deployment is opened. */
export type Rules = 'production' | 'development'

/**
 * Opens the deployment as a server does, and looks at its store and its keys.
 *
 * @param known what was found in the options, which is not to be found a second time
 */
export async function judgeDeployment(
  surroundings: Surroundings,
  options: SallyportOptions,
  known: readonly Sighting[],
  rules: Rules,
): Promise<Opened> {
  const sightings: Sighting[] = []
  const found = (sighting: Sighting): void => void sightings.push(sighting)
  const notices = collectNotices(surroundings)
  try {
    const sallyport = await open(options, rules, known, found)
    const looked = sallyport && (await look(sallyport, options, found))
    for (const notice of await notices.all()) noteNotice(notice, found)
    if (looked?.isReady === false && !sightings.some(signsNothing))
      found({ id: 'store-not-ready', seen: `${options.store?.name ?? 'memory'} is not ready` })
    // In memory, or without a secret, this process has made keys of its own.
    const isOneOfMany = options.store?.shared === true && options.secret !== undefined
    const areShared = isOneOfMany || hasKeys(options)
    const keys = looked?.isReady === true && areShared ? looked.keys : undefined
    return { sightings: distinct(sightings), keys }
  } finally {
    notices.close()
  }
}

/** Opens it by the rules of production; if those refuse an option, by those of development, to see the rest. */
async function open(
  options: SallyportOptions,
  rules: Rules,
  known: readonly Sighting[],
  found: (sighting: Sighting) => void,
): Promise<Sallyport | undefined> {
  const { createSallyport } = await loadCore()
  for (const production of rules === 'production' ? [true, false] : [false]) {
    try {
      return await createSallyport({ ...unwatched(options), production })
    } catch (cause) {
      const option = optionOf(cause)
      if (option === undefined) throw cause
      if (option.split('.')[0] === options.store?.name) found(storeFault(cause))
      else if (!known.some((one) => concerns(one.option, option)))
        found({ id: 'options-refused', option, seen: messageOf(cause) })
    }
  }
  return undefined
}

interface Looked {
  readonly isReady: boolean
  readonly keys: readonly KeyInfo[]
}

async function look(
  sallyport: Sallyport,
  options: SallyportOptions,
  found: (sighting: Sighting) => void,
): Promise<Looked> {
  try {
    const isReady = await sallyport.ready()
    const keys = sallyport.keys.list()
    const { access, secret } = options
    if (hasKeys(options) && secret !== undefined && !keys.some(({ state }) => state === 'active'))
      found({ id: 'keys-none', seen: `none of the ${keys.length} keys in the options signs` })
    for (const { kid, state, signsFrom } of keys)
      if (state === 'active' && signsFrom !== undefined && now() - signsFrom > OLD_KEY_MS)
        found({ id: 'key-old', seen: `${kid} signs since ${new Date(signsFrom).toISOString().slice(0, 10)}` })
    for (const key of access?.keys ?? [])
      if (isShort(key))
        found({ id: 'key-short', option: 'access.keys', seen: 'an RSA key of less than 3072 bits' })
    return { isReady, keys }
  } finally {
    await sallyport.close()
  }
}

function hasKeys({ access }: SallyportOptions): boolean {
  return access?.keys !== undefined || access?.signers !== undefined
}

/** The bits of a modulus are eight times the bytes that its base64url has. */
function isShort(key: object): boolean {
  return 'n' in key && typeof key.n === 'string' && Buffer.from(key.n, 'base64url').length * 8 < 3072
}

/** What the address of Redis says of the connection, if the environment has it. */
export function judgeAddress({ env }: Surroundings): readonly Sighting[] {
  const address = env.REDIS_URL ?? ''
  if (!URL.canParse(address) || isLoopback(address.replace(/^rediss?:/, 'http:'))) return []
  const { protocol, host, password } = new URL(address)
  return [
    ...(protocol === 'redis:' ? [{ id: 'redis-plaintext', seen: `REDIS_URL: redis://${host}` }] : []),
    ...(password === '' ? [{ id: 'redis-open', seen: `REDIS_URL: ${host} without a password` }] : []),
  ]
}

function optionOf(cause: unknown): string | undefined {
  const isWrongOption = codeOf(cause) === 'ERR_CONFIG' && cause instanceof Error && 'option' in cause
  return isWrongOption ? String(cause.option) : undefined
}

/** Whether a sighting is about the option that is refused, or about a part of it. */
function concerns(known: string | undefined, refused: string): boolean {
  return (
    known !== undefined &&
    (refused === known || refused.startsWith(`${known}.`) || known.startsWith(`${refused}.`))
  )
}

/** Whether this says by itself why a deployment is not ready, wherever its store is. */
function signsNothing({ id, seen }: Sighting): boolean {
  return id === 'keys-none' || (id === 'store-clock' && /so it signs no tokens/.test(seen))
}

function storeFault(cause: unknown): Sighting {
  const message = messageOf(cause)
  return { id: FAULTS.find(([pattern]) => pattern.test(message))?.[1] ?? 'store-refused', seen: message }
}

function noteNotice(notice: string, found: (sighting: Sighting) => void): void {
  const id = NOTICES.find(([pattern]) => pattern.test(notice))?.[1]
  if (id !== undefined) found({ id, seen: notice })
}

/** Each start says the same of the store. */
function distinct(sightings: readonly Sighting[]): readonly Sighting[] {
  return [...new Map(sightings.map((one) => [`${one.id} ${one.seen}`, one])).values()]
}
