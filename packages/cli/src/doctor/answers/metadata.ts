import { isLoopback } from '../options/index.ts'
import { type Answer, type Examined, objectIn, short } from './ask.ts'

const PATH = '/.well-known/oauth-authorization-server'
const FORGED = 'forged.invalid'

/** Judges the metadata, and whether a stranger can change it, or any redirect, by a header. */
export async function judgeMetadata(
  { ask, found }: Examined,
  issuer: string | undefined,
): Promise<readonly (Answer | undefined)[]> {
  const answer = await ask({ method: 'GET', path: pathOf(issuer) })
  if (answer !== undefined) judge(answer, issuer, found)
  const forged = await Promise.all(
    [pathOf(issuer), '/'].flatMap((path) =>
      [
        { name: 'Host', id: 'host-believed' },
        { name: 'X-Forwarded-Host', id: 'forwarded-host-believed' },
      ].map(async ({ name, id }) => {
        const seen = await ask({ method: 'GET', path, headers: { [name]: FORGED } })
        return seen !== undefined && repeats(seen)
          ? { id, seen: `${path} repeats the ${name} of the request` }
          : undefined
      }),
    ),
  )
  const sightings = forged.filter((one) => one !== undefined)
  for (const [index, one] of sightings.entries())
    if (sightings.findIndex(({ id }) => id === one.id) === index) found(one)
  return [answer]
}

/** RFC 8414, section 3.1: the path of an issuer comes behind the well-known one. */
function pathOf(issuer: string | undefined): string {
  const path = issuer !== undefined && URL.canParse(issuer) ? new URL(issuer).pathname : '/'
  return path === '/' ? PATH : `${PATH}${path}`
}

function judge({ status, body }: Answer, issuer: string | undefined, found: Examined['found']): void {
  const metadata = objectIn(body)
  if (status !== 200 || metadata === undefined) {
    found({ id: 'metadata-unreadable', seen: `${PATH}: ${status}` })
    return
  }
  if (issuer !== undefined && metadata.issuer !== issuer)
    found({
      id: 'metadata-issuer',
      seen: `${short(String(metadata.issuer))} is served, ${issuer} is configured`,
    })
  const plain = Object.entries(metadata).find(
    ([name, value]) =>
      /^(?:issuer|jwks_uri|.*_endpoint)$/.test(name) &&
      typeof value === 'string' &&
      /^http:/i.test(value) &&
      !isLoopback(value),
  )
  if (plain !== undefined) found({ id: 'metadata-http', seen: `${plain[0]}: ${short(String(plain[1]))}` })
  const none = Object.entries(metadata).find(
    ([name, value]) => /_alg_values_supported$/.test(name) && Array.isArray(value) && value.includes('none'),
  )
  if (none !== undefined) found({ id: 'metadata-none', seen: none[0] })
}

function repeats({ body, header }: Answer): boolean {
  return body.includes(FORGED) || header('location').includes(FORGED) || header('link').includes(FORGED)
}
