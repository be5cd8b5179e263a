import { type Gate, type Handler, publicAnswer, type Route } from '@sallyport/core/adapter'
import { wellKnownOperations } from './described.ts'
import { PATHS } from './paths.ts'
import { POLL_METHOD, PUSH_METHOD } from './stream.ts'
import type { DefaultSubjects } from './streams/record.ts'

const WELL_KNOWN = '/.well-known/ssf-configuration'
const MAX_AGE_SECONDS = 3600

/**
 * `GET /.well-known/ssf-configuration` (SSF 1.0, section 7). The well-known part goes before the path of the issuer.
 *
 * @param urlOf the URL of an endpoint, by its path
 * @param defaultSubjects of streams that receivers set up; `undefined`: they set up none
 */
export function wellKnownRoute(
  { route, issuer }: Pick<Gate, 'route' | 'issuer'>,
  urlOf: (path: string) => string,
  defaultSubjects: DefaultSubjects | undefined,
): Route {
  const { origin, pathname } = new URL(issuer)
  const metadata = {
    spec_version: '1_0',
    issuer,
    jwks_uri: `${origin}/.well-known/jwks.json`,
    delivery_methods_supported: [PUSH_METHOD, POLL_METHOD],
    configuration_endpoint: urlOf(PATHS.configuration),
    status_endpoint: urlOf(PATHS.status),
    verification_endpoint: urlOf(PATHS.verification),
    ...(defaultSubjects !== undefined && {
      add_subject_endpoint: urlOf(PATHS.addSubject),
      remove_subject_endpoint: urlOf(PATHS.removeSubject),
    }),
    authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
    default_subjects: defaultSubjects ?? 'ALL',
  }
  const path = WELL_KNOWN + pathname.replace(/\/$/, '')
  const tell: Handler = (view) => publicAnswer(view, metadata, MAX_AGE_SECONDS)
  return route.open(path, { GET: tell }, wellKnownOperations)
}
