import type { SallyportOptions } from '@sallyport/core'
import { each, type OptionRule } from './rule.ts'

const MIN_BYTES = 32
const MIN_CLIENT_CHARS = 32
/** 16 bytes that are random have at least 12 different ones; text has far fewer than its length suggests. */
const MIN_DISTINCT_BYTES = 16
const MIN_DISTINCT_CHARS = 12
/** Words so long that random characters do not spell them. */
const MADE_UP = /secret|password|change.?me|example|default|qwerty|keyboard|1234567|abcdefg/i

/** How secret the secrets are. What is seen never has a part of one. */
export const secretRules: readonly OptionRule[] = [
  {
    id: 'secret-missing',
    option: 'secret',
    look: ({ secret }) => (secret === undefined ? 'not set' : undefined),
  },
  {
    id: 'secret-weak',
    option: 'secret',
    look: (options) => {
      const weak = ownSecrets(options).findIndex((secret) => !isRandom(secret))
      return weak < 0 ? undefined : `number ${weak + 1} is short, or looks made up`
    },
  },
  {
    id: 'client-secret-weak',
    option: 'oauth.clients',
    look: ({ oauth }) => {
      const found = each(oauth?.clients).find(({ clientSecret }) => listed(clientSecret).some(isGuessable))
      return found && `that of ${found.clientId}`
    },
  },
  {
    id: 'webhook-secret-weak',
    option: 'anomalies.webhook.secret',
    look: ({ anomalies }) =>
      listed(anomalies?.webhook?.secret).some(isGuessable) ? 'short, or looks made up' : undefined,
  },
  {
    id: 'secret-repeated',
    option: 'secret',
    look: (options) => {
      const clients = each(options.oauth?.clients).flatMap(({ clientSecret }) => listed(clientSecret))
      const all = [...ownSecrets(options), ...clients, ...listed(options.anomalies?.webhook?.secret)]
      const texts = all.map((secret) => Buffer.from(secret).toString('hex'))
      return new Set(texts).size < texts.length ? 'two secrets are equal' : undefined
    },
  },
]

/** The secrets of the deployment itself, the current one first. */
export function ownSecrets({ secret }: SallyportOptions): readonly (string | Uint8Array)[] {
  return listed(secret).filter((one) => typeof one === 'string' || one instanceof Uint8Array)
}

function listed<T extends string | Uint8Array>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return []
  return typeof value === 'string' || value instanceof Uint8Array ? [value] : value
}

function isRandom(secret: string | Uint8Array): boolean {
  const bytes = Buffer.from(secret)
  const isVaried =
    new Set(bytes).size >= (typeof secret === 'string' ? MIN_DISTINCT_CHARS : MIN_DISTINCT_BYTES)
  return bytes.length >= MIN_BYTES && isVaried && !(typeof secret === 'string' && MADE_UP.test(secret))
}

function isGuessable(secret: string): boolean {
  return secret.length < MIN_CLIENT_CHARS || new Set(secret).size < MIN_DISTINCT_CHARS || MADE_UP.test(secret)
}
