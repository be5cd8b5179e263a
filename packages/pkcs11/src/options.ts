import { isAbsolute } from 'node:path'
import { ConfigError, type SigningAlgorithm, schema } from '@sallyport/core/signer'

/** Where the HSM is, and how to log in. Give either `token` or `slot`. */
export interface Pkcs11TokenOptions {
  /** Absolute path of the PKCS#11 module, a library that comes with the HSM. */
  readonly module: string
  /** Label of the token. */
  readonly token?: string | undefined
  /** Number of the token's slot, as the HSM's own tools show it. */
  readonly slot?: number | undefined
  /** Returns the PIN of the token's user. Called at start, and again to renew a lost log-in. The PIN is not kept. */
  readonly pin: () => string | undefined | Promise<string | undefined>
}

/** How to find a key in the token: by its label, its id, or both. */
export interface Pkcs11KeyName {
  /** `CKA_LABEL`. */
  readonly label?: string | undefined
  /** `CKA_ID`, in hexadecimal digits. */
  readonly id?: string | undefined
}

/** What `pkcs11Signer` takes. */
export interface Pkcs11SignerOptions extends Pkcs11TokenOptions {
  /** Must name exactly one private key. */
  readonly key: Pkcs11KeyName
  /**
   * Algorithm of the tokens. `EdDSA` needs an Ed25519 key, `ES256` a P-256 key, the others an RSA key from 2048 bits.
   */
  readonly algorithm: SigningAlgorithm
  /**
   * Name of the key in tokens and in the JWK Set: 1 to 128 printable ASCII characters. Default: its RFC 7638
   * thumbprint.
   */
  readonly kid?: string | undefined
  /** Accept a key that could leave the token. Default `false`. */
  readonly allowExtractable?: boolean | undefined
  /**
   * How many signatures are made at the same time. Default 2; 1 to 64. Each occupies one thread of the process's pool
   * (four threads unless `UV_THREADPOOL_SIZE` is set) for as long as the HSM takes. Token verification and DNS
   * look-ups need that pool too.
   */
  readonly sessions?: number | undefined
  /** Milliseconds that a signature may take before it is given up. Default 1000; 50 to 60,000. */
  readonly timeoutMs?: number | undefined
}

/** What `generatePkcs11Key` takes. */
export interface Pkcs11KeyOptions extends Pkcs11TokenOptions {
  readonly key: {
    /** `CKA_LABEL`, 1 to 255 bytes. */
    readonly label: string
    /** `CKA_ID`, 1 to 64 bytes in hexadecimal digits. Default: 16 random bytes. */
    readonly id?: string | undefined
  }
  /** Algorithm that the key is for. RSA keys get 2048 bits. */
  readonly algorithm: SigningAlgorithm
}

/** The options that signers and new keys share, parsed. Exactly one of `token` and `slot` is set. */
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

const { boolean, callable, custom, group, kid, optional, parse, signingAlgorithm, string, wholeNumber } =
  schema

const MAX_LABEL_BYTES = 255

const label = custom<string>(isLabel, `a string of 1 to ${MAX_LABEL_BYTES} bytes`)
const id = string(/^(?:[0-9a-f]{2}){1,64}$/i, '1 to 64 bytes in hexadecimal digits')
const common = {
  module: custom<string>((given) => typeof given === 'string' && isAbsolute(given), 'an absolute path'),
  token: optional(label),
  slot: optional(wholeNumber(0, 0xffffffff)),
  pin: callable<Pkcs11TokenOptions['pin']>('a function that returns the PIN'),
  algorithm: signingAlgorithm,
}
const signer = group({
  ...common,
  key: group({ label: optional(label), id: optional(id) }),
  kid: optional(kid),
  allowExtractable: optional(boolean, false),
  sessions: optional(wholeNumber(1, 64), 2),
  timeoutMs: optional(wholeNumber(50, 60_000), 1000),
})
const key = group({ ...common, key: group({ label, id: optional(id) }) })

/** The PIN itself may be given in these places by mistake. */
const secret: readonly string[] = ['pkcs11', 'pkcs11.pin']
const mode = { path: 'pkcs11', mayShow: (path: string) => !secret.includes(path) }

/** Throws a `ConfigError` that names the wrong option. */
export function parseSignerOptions(given: Pkcs11SignerOptions): SignerSettings {
  const settings = parse(signer, given, mode)
  demandOneToken(settings)
  if (settings.key.label === undefined && settings.key.id === undefined)
    throw new ConfigError('pkcs11.key', {
      sentence: '"pkcs11.key" is empty: give "pkcs11.key.label", "pkcs11.key.id" or both',
    })
  return Object.freeze(settings)
}

/** Throws a `ConfigError` that names the wrong option. */
export function parseKeyOptions(given: Pkcs11KeyOptions): KeySettings {
  const settings = parse(key, given, mode)
  demandOneToken(settings)
  return Object.freeze(settings)
}

function demandOneToken({ token, slot }: TokenSettings): void {
  if (token !== undefined && slot !== undefined)
    throw new ConfigError('pkcs11.slot', {
      sentence: 'give either "pkcs11.token" or "pkcs11.slot", not both',
    })
  if (token === undefined && slot === undefined)
    throw new ConfigError('pkcs11.token', {
      sentence: '"pkcs11.token" is required: give the label of a token, or give "pkcs11.slot"',
    })
}

function isLabel(given: unknown): boolean {
  return typeof given === 'string' && given !== '' && Buffer.byteLength(given) <= MAX_LABEL_BYTES
}
