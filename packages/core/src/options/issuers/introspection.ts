import * as v from 'valibot'
import { ConfigError } from '../../errors.ts'
import type { IntrospectionSettings } from '../../issuers/questions.ts'
import { secureUrl } from '../../issuers/secure-url.ts'
import { callable, group, string, wholeNumber } from '../values/schema.ts'

/**
 * How an issuer is asked about opaque access tokens (RFC 7662). This deployment authenticates as a client of the issuer,
 * by HTTP Basic (RFC 6749, section 2.3.1).
 */
export interface IntrospectionOptions {
  /**
   * The URL of the introspection endpoint: https, or http on loopback. Redirects are not followed. Required, unless
   * `discovery` finds it.
   */
  readonly url?: string | undefined
  /** The client as which this deployment asks: 1 to 255 printable ASCII characters. */
  readonly clientId: string
  /**
   * The client's secret: 1 to 1024 printable ASCII characters; or a function that returns it or a promise of it, and is
   * called for each question. If the function fails, the request is answered 503. Required: `undefined`, such as that of
   * a missing environment variable, is refused at start.
   */
  readonly clientSecret: string | (() => string | PromiseLike<string>) | undefined
  /** The time limit for one question, in milliseconds. After it the request is answered 503. Default 3000; 100 to 30,000. */
  readonly timeoutMs?: number | undefined
  /**
   * How long an answer is used, in seconds: a token that the issuer revokes is accepted for so long at most. 0 asks for
   * each request. Default 30; 0 to 600.
   */
  readonly cacheSeconds?: number | undefined
}

export const urlMessage: string = 'an https URL without user, password and fragment (http on loopback)'
const secretMessage = '1 to 1024 printable ASCII characters, or a function'

/** These options, checked. */
type Checked = Omit<IntrospectionSettings, 'endpoint'> & { readonly url?: string | undefined }

export const introspection: v.GenericSchema<object, Checked> = group({
  url: v.optional(
    v.pipe(
      v.string(urlMessage),
      v.check((given) => secureUrl(given) !== undefined, urlMessage),
    ),
  ),
  clientId: string(/^[\x20-\x7e]{1,255}$/, '1 to 255 printable ASCII characters'),
  clientSecret: v.union(
    [
      string(/^[\x20-\x7e]{1,1024}$/, secretMessage),
      callable<() => string | PromiseLike<string>>(secretMessage),
    ],
    secretMessage,
  ),
  timeoutMs: v.optional(wholeNumber(100, 30_000), 3000),
  cacheSeconds: v.optional(wholeNumber(0, 600), 30),
})

/** What the options of an issuer say of it. */
interface Given {
  readonly issuer: string
  readonly discovery?: true | undefined
  readonly introspection?: Checked | undefined
}

/** How an issuer is asked; `undefined` if it is not. */
export function parseIntrospection(
  { issuer, discovery, introspection }: Given,
  path: string,
): IntrospectionSettings | undefined {
  if (introspection === undefined) return undefined
  const { url, ...settings } = introspection
  if (url === undefined && discovery === undefined)
    throw new ConfigError(`${path}.introspection.url`, {
      sentence: `"${path}.introspection.url" is required, unless "${path}.discovery" is true`,
    })
  const endpoint =
    url === undefined
      ? ({ kind: 'discovery', url: new URL(issuer) } as const)
      : ({ kind: 'given', url: new URL(url) } as const)
  return Object.freeze({ ...settings, endpoint })
}
