import type { Reply } from './client.ts'

/** A second may pass between the answers of two hosts, which those who wait for long see. */
const LONG_SECONDS = 10

const FRAMING = new Set(['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding'])

/**
 * What servers make up, and how it is spelled. A random name may happen to contain the beginning of another kind.
 *
 * Times are not told apart, since equal ones may differ elsewhere. Nor are marks of a device, which say in what second it
 * signed in, and nonces, which change every few minutes.
 */
const generated: readonly { readonly what: string; readonly pattern: RegExp; readonly alike?: true }[] = [
  { what: 'marks of a device', pattern: /(?<=__Host-device=)[\w.-]+/g, alike: true },
  { what: 'API key', pattern: /(?<![\w-])spk_[\w-]{20,}/g },
  { what: 'refresh token', pattern: /(?<![\w-])spr_[\w-]{20,}/g },
  { what: 'nonce', pattern: /^[\w-]{28}$/g, alike: true },
  { what: 'nonce of scripts', pattern: /(?<='nonce-|nonce=")[\w+/]{24}(?=['"])/g },
  { what: 'access token', pattern: /(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]+/g },
  { what: 'key', pattern: /(?<=")[\w-]{43}(?=")/g },
  { what: 'session', pattern: /(?<=")[\w-]{38}(?=")/g },
  { what: 'tag of content', pattern: /(?<=^")[\w-]{22}(?="$)/g },
  { what: 'token id', pattern: /(?<="jti":")[\w-]{22}(?=")/g },
  { what: 'time', pattern: /(?<="(?:exp|iat|auth_time)":)\d{10}/g, alike: true },
  { what: 'time', pattern: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, alike: true },
  { what: 'port', pattern: /127\.0\.0\.1:\d+/g, alike: true },
]

/** Puts names in the place of generated values: the same value gets the same name, by order of appearance. */
export class Masks {
  readonly #names = new Map<string, string>()
  readonly #counts = new Map<string, number>()

  /** A reply as every host should give it. */
  reply({ status, headers, text }: Reply): Reply {
    const kept = Object.entries(headers)
      .filter(([name]) => !FRAMING.has(name))
      .map(([name, values]) => [
        name,
        values.map((value) => (isLongWait(name, value) ? '<seconds left>' : this.text(value))),
      ])
    return { status, headers: Object.fromEntries(kept), text: this.text(text) }
  }

  text(text: string): string {
    return generated.reduce(
      (masked, { what, pattern, alike }) =>
        masked.replace(pattern, (value) => (alike ? `<${what}>` : this.#nameOf(what, value))),
      text,
    )
  }

  #nameOf(what: string, value: string): string {
    const known = this.#names.get(value)
    if (known !== undefined) return known
    const count = (this.#counts.get(what) ?? 0) + 1
    const name = `<${what} ${count}>`
    this.#counts.set(what, count)
    this.#names.set(value, name)
    return name
  }
}

function isLongWait(name: string, value: string): boolean {
  return name === 'retry-after' && Number(value) >= LONG_SECONDS
}
