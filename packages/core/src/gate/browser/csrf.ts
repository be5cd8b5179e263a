import { describeValue } from '../../errors.ts'
import { urlIn } from '../../issuers/secure-url.ts'
import type { Callers } from '../../seam/caller.ts'
import type { RequestView } from '../../seam/http.ts'
import type { Emit } from '../../watch/events.ts'

export interface OriginSettings {
  /** Further web origins that may call the cookie routes. */
  readonly allowed: ReadonlySet<string>
  /** What to do with a request that has neither `Origin` nor `Sec-Fetch-Site`; every current browser sends one. */
  readonly missing: 'accept' | 'refuse'
}

/**
 * Whether a request to a cookie route comes from another site, as the browser itself says. Where `Sec-Fetch-Site` is
 * sent it decides, whatever a proxy made of the host; otherwise `Origin` does. A page can set neither.
 *
 * @see [Fetch Metadata Request Headers](https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header)
 */
export function isCrossSite(view: RequestView, settings: OriginSettings): boolean {
  const site = view.headers['sec-fetch-site']
  const origin = view.headers.origin
  if (site === 'same-origin' || site === 'none') return false
  if (site === undefined && origin === undefined) return settings.missing === 'refuse'
  if (typeof origin === 'string' && settings.allowed.has(origin)) return false
  return site !== undefined || !isOwnOrigin(view, origin)
}

/** An `Origin` is our own if it names the host that was asked, and TLS where the connection is known to use it. */
function isOwnOrigin({ host, secure }: RequestView, origin: string | readonly string[] | undefined): boolean {
  if (typeof origin !== 'string' || host === undefined) return false
  const parsed = urlIn(origin)
  if (parsed === undefined) return false
  if (secure && parsed.protocol !== 'https:') return false
  return urlIn(`${parsed.protocol}//${host}`)?.origin === origin
}

/**
 * Whether a request is refused as cross-site. A refusal has been told as an event.
 *
 * @param step what it was to do; a sign-in may end at another site, so other advice is given
 */
export type CrossSiteCheck = (view: RequestView, step?: 'sign-in') => boolean

export interface CrossSiteParts {
  readonly origins: OriginSettings
  readonly emit: Emit
  readonly callers: Callers
  readonly notice: (message: string) => void
}

const MAX_ORIGINS_TOLD = 20
const ROUTE_ADVICE = 'if the page is yours, add its origin to the option "origins.allowed"'
/** Browsers send no `Sec-Fetch-Site` over plain http, except to localhost. */
const HOST_ADVICE = 'behind a proxy, let it pass on Host with the port; '
const SIGN_IN_ADVICE =
  'if this is the way back from an identity provider, check its "state", then pass crossSite: "checked"; if it is a ' +
  'page of yours, add its origin to the option "origins.allowed", but never that of a provider'

/** A refusal is told as `request.refused`, and once for each origin by a notice that names what would allow it. */
export function createCrossSiteCheck({ origins, emit, callers, notice }: CrossSiteParts): CrossSiteCheck {
  const told = new Set<string>()

  function tell(view: RequestView, step: 'sign-in' | undefined): void {
    const refused = { event: 'request.refused', outcome: 'failure', reason: 'cross_site_request' } as const
    emit(refused, callers.of(view))
    if (told.size >= MAX_ORIGINS_TOLD) return
    const { origin } = view.headers
    const described = typeof origin === 'string' ? describeValue(origin) : 'none'
    const about = `${step} ${described}`
    if (told.has(about)) return
    told.add(about)
    const site = view.headers['sec-fetch-site']
    const host = site === undefined ? HOST_ADVICE : ''
    notice(
      `a cross-site request was refused (Origin: ${described}, Host: ${describeValue(view.host)}, Sec-Fetch-Site: ` +
        `${site === undefined ? 'absent' : describeValue(site)}): ${host}${step === undefined ? ROUTE_ADVICE : SIGN_IN_ADVICE}`,
    )
  }

  return (view, step) => {
    const refused = isCrossSite(view, origins)
    if (refused) tell(view, step)
    return refused
  }
}
