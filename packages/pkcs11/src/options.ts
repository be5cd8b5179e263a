import { isAbsolute } from 'node:path'
import { ConfigError, describeValue, isKid, type SigningAlgorithm } from '@sallyport/core/signer'
import * as v from 'valibot'

/** Where the HSM is, and what opens it. */
export interface Pkcs11TokenOptions {
  /** Absolute path of the PKCS#11 module (a library) that came with the HSM. */
  readonly module: string
  /** Label of the token; this or `slot`. */
  readonly token?: string | undefined
  /** Number of the slot that the token is in, as the HSM's own tools show it. */
  readonly slot?: number | undefined
  /** Gives the PIN of the token's user. Asked at start, and again when a lost log-in is renewed; not kept. */
  readonly pin: () => string | undefined | Promise<string | undefined>
}

/** What a key in the token is found by: a label, an id, or both. */
export interface Pkcs11KeyName {
  /** `CKA_LABEL`. */
  readonly label?: string | undefined
  /** `CKA_ID`, in hexadecimal digits. */
  readonly id?: string | undefined
}

/** What `pkcs11Signer` takes. */
export interface Pkcs11SignerOptions extends Pkcs11TokenOptions {
  readonly key: Pkcs11KeyName
  readonly algorithm: SigningAlgorithm
  /** Name of the key in tokens and in the JWK Set. Default: its thumbprint (RFC 7638). */
  readonly kid?: string | undefined
  /** Takes a key that could be read out of the token, too. Default `false`. */
  readonly allowExtractable?: boolean | undefined
  /**
   * Signatures made at the same time. Default 2; 1 to 64. Each holds one thread of the process's pool (four,
   * unless `UV_THREADPOOL_SIZE` says otherwise) for as long as the HSM takes, and who verifies tokens and looks
   * up names needs that pool too.
   */
  readonly sessions?: number | undefined
  /** Milliseconds after which a signature that is not there is given up. Default 1000; 50 to 60,000. */
  readonly timeoutMs?: number | undefined
}

/** What `generatePkcs11Key` takes. */
export interface Pkcs11KeyOptions extends Pkcs11TokenOptions {
  readonly key: {
    readonly label: string
    /** Default: 16 random bytes. */
    readonly id?: string | undefined
  }
  readonly algorithm: SigningAlgorithm
}

/** What all options have in common, parsed: one of `token` and `slot` is there. */
export interface TokenSettings {
  readonly module: string
  readonly token?: string | undefined
  readonly slot?: number | undefined
  readonly pin: Pkcs11TokenOptions['pin']
  readonly algorithm: SigningAlgorithm
}

/** The options of a signer, parsed. */
export interface SignerSettings extends TokenSettings {
  readonly key: Pkcs11KeyName
  readonly kid?: string | undefined
  readonly allowExtractable: boolean
  readonly sessions: number
  readonly timeoutMs: number
}

/** The options of a new key, parsed. */
export interface KeySettings extends TokenSettings {
  readonly key: Pkcs11KeyOptions['key']
}

const MAX_TEXT = 255

const label = v.pipe(
  v.string('a text'),
  v.check(
    (given) => given !== '' && Buffer.byteLength(given) <= MAX_TEXT,
    `a text of 1 to ${MAX_TEXT} bytes`,
  ),
)
const id = v.pipe(
  v.string('hexadecimal digits'),
  v.regex(/^(?:[0-9a-f]{2}){1,64}$/i, '1 to 64 bytes in hexadecimal digits'),
)
const wholeNumber = (min: number, max: number) => {
  const message = `a whole number from ${min} to ${max}`
  return v.pipe(v.number(message), v.integer(message), v.minValue(min, message), v.maxValue(max, message))
}
const group = <const T extends v.ObjectEntries>(entries: T) =>
  v.pipe(
    v.custom<object>((given) => !Array.isArray(given), 'an object'),
    v.strictObject(entries, 'an object'),
  )

const token = {
  module: v.pipe(v.string('an absolute path'), v.check(isAbsolute, 'an absolute path')),
  token: v.optional(label),
  slot: v.optional(wholeNumber(0, 0xffffffff)),
  pin: v.custom<Pkcs11TokenOptions['pin']>(
    (given) => typeof given === 'function',
    'a function that gives the PIN',
  ),
  algorithm: v.picklist(['EdDSA', 'ES256', 'RS256', 'PS256'], 'one of "EdDSA", "ES256", "RS256", "PS256"'),
}
const signer = group({
  ...token,
  key: group({ label: v.optional(label), id: v.optional(id) }),
  kid: v.optional(v.custom<string>(isKid, '1 to 128 printable ASCII characters')),
  allowExtractable: v.optional(v.boolean('true or false'), false),
  sessions: v.optional(wholeNumber(1, 64), 2),
  timeoutMs: v.optional(wholeNumber(50, 60_000), 1000),
})
const key = group({ ...token, key: group({ label, id: v.optional(id) }) })

/** Throws a `ConfigError` that names the wrong option. */
export function parseSignerOptions(given: Pkcs11SignerOptions): SignerSettings {
  const settings = checked(v.safeParse(signer, given, { abortEarly: true }))
  if (settings.key.label === undefined && settings.key.id === undefined)
    throw new ConfigError('pkcs11.key', 'an object with label, id or both')
  return settings
}

/** Throws a `ConfigError` that names the wrong option. */
export function parseKeyOptions(given: Pkcs11KeyOptions): KeySettings {
  return checked(v.safeParse(key, given, { abortEarly: true }))
}

type Parsed<T> =
  | { readonly success: true; readonly output: T }
  | { readonly success: false; readonly issues: readonly [v.BaseIssue<unknown>, ...unknown[]] }

function checked<T extends TokenSettings>(result: Parsed<T>): Readonly<T> {
  if (!result.success) throw configError(result.issues[0])
  const { token, slot } = result.output
  if (token !== undefined && slot !== undefined)
    throw new ConfigError('pkcs11.slot', 'left out where a token is given')
  if (token === undefined && slot === undefined)
    throw new ConfigError('pkcs11.token', 'the label of a token, unless a slot is given', 'missing')
  return Object.freeze(result.output)
}

function configError(issue: v.BaseIssue<unknown>): ConfigError {
  const path = v.getDotPath(issue)
  const option = path === null ? 'pkcs11' : `pkcs11.${path}`
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return new ConfigError(option, 'left out, since there is no such option')
  if (issue.type === 'strict_object' && path !== null && issue.input === undefined)
    return new ConfigError(option, 'given', 'missing')
  // Who mistakes this option gives the PIN itself.
  const isSecret = path === null || path === 'pin'
  return new ConfigError(option, issue.message, isSecret ? undefined : describeValue(issue.input))
}
