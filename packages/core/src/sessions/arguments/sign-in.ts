import { refuseUnknownMembers } from '../../errors.ts'
import { isName, NAME } from '../../ports/ids.ts'
import type { Lifetimes } from '../../ports/lifetimes.ts'
import { isForeignName } from '../../ports/revocations.ts'
import { isScopeToken } from '../../tokens/claims.ts'
import { checkAssurance, checkPrintable } from './assurance.ts'

/** A user whom the application has authenticated, and what the session is for. */
export interface SignIn {
  /**
   * The id of the user: opaque, stable and not personal, because it is in every token. 1 to 255 characters, without
   * zero characters or halves of surrogate pairs, which do not begin with a URL and a space: such names stand for users of
   * other issuers. In production, one that looks like an e-mail address is refused with a `ClaimsError` if the package
   * `@sallyport/claims-policy` is installed, unless `claims.exempt` has `sub`.
   */
  readonly subject: string
  /** Scopes of the access tokens. Default: none. */
  readonly scope?: readonly string[] | undefined
  /** The OAuth client. Default: the one that the option `clients` has for the transport. */
  readonly client?: string | undefined
  /** How certain the authentication is (`acr` of OpenID Connect Core 1.0). Default: not stated. */
  readonly acr?: string | undefined
  /** How the user was authenticated, such as `['pwd', 'otp']` (RFC 8176). Default: not stated. */
  readonly amr?: readonly string[] | undefined
  /**
   * `false`: the browser drops the refresh cookie when it closes, because the user did not tick "keep me signed in".
   * Browsers that restore their tabs keep it all the same, so give such a session a short `idleSeconds`, too. Concerns
   * tokens in the cookie only. Default `true`.
   */
  readonly persistent?: boolean | undefined
  /**
   * How long this session lives without a refresh, in seconds. Its access tokens live at most half as long, so that a
   * refresh comes in time. Default and maximum: `refresh.idleSeconds`.
   */
  readonly idleSeconds?: number | undefined
  /** How long this session lives in total, in seconds. Default and maximum: `refresh.absoluteSeconds`. */
  readonly absoluteSeconds?: number | undefined
  /**
   * `checked`: your handler has made sure that the user meant to sign in here, such as by the `state` of OpenID Connect
   * or by a one-time link, so that the request may come from another site. Default `refuse`: a cross-site request is
   * answered 403.
   */
  readonly crossSite?: 'refuse' | 'checked' | undefined
}

const MEMBERS: Readonly<Record<keyof SignIn, true>> = {
  subject: true,
  scope: true,
  client: true,
  acr: true,
  amr: true,
  persistent: true,
  idleSeconds: true,
  absoluteSeconds: true,
  crossSite: true,
}

/** Throws a `TypeError` for a wrong member. */
export function checkSignIn(signIn: SignIn): void {
  refuseUnknownMembers('signIn', signIn, Object.keys(MEMBERS))
  const { subject, scope, client, persistent, crossSite } = signIn
  if (!isName(subject)) throw new TypeError(`signIn: "subject" must be ${NAME}`)
  if (isForeignName(subject))
    throw new TypeError(
      'signIn: "subject" must not begin with a URL and a space: only names from other issuers have that form',
    )
  if (scope !== undefined && !(Array.isArray(scope) && scope.every(isScopeToken)))
    throw new TypeError(
      'signIn: "scope" must be an array of scope tokens without spaces (RFC 6749, section 3.3)',
    )
  checkPrintable('signIn', 'client', client)
  checkAssurance('signIn', signIn)
  if (persistent !== undefined && typeof persistent !== 'boolean')
    throw new TypeError('signIn: "persistent" must be true or false')
  if (crossSite !== undefined && crossSite !== 'refuse' && crossSite !== 'checked')
    throw new TypeError('signIn: "crossSite" must be "refuse" or "checked"')
}

/** The lifetimes that a sign-in gives its session. Throws a `TypeError` for one that is over that of all sessions. */
export function ownLifetimes(
  { idleSeconds, absoluteSeconds }: SignIn,
  all: Lifetimes,
): Lifetimes | undefined {
  if (idleSeconds === undefined && absoluteSeconds === undefined) return undefined
  return {
    idleMs: ownMs('idleSeconds', idleSeconds, all.idleMs),
    absoluteMs: ownMs('absoluteSeconds', absoluteSeconds, all.absoluteMs),
  }
}

function ownMs(name: string, given: number | undefined, mostMs: number): number {
  if (given === undefined) return mostMs
  if (Number.isInteger(given) && given >= 1 && given * 1000 <= mostMs) return given * 1000
  throw new TypeError(
    `signIn: "${name}" must be a whole number from 1 to ${mostMs / 1000}, which is "refresh.${name}"`,
  )
}
