import { newSessionId, tagOf } from '../../ports/ids.ts'
import type { Transport } from '../../ports/model.ts'
import type { Answer, RequestView } from '../../seam/http.ts'
import { isScope } from '../../tokens/claims.ts'
import { refusal } from '../answer.ts'
import { isCrossSite, withCors } from '../csrf.ts'
import { mint } from '../mint.ts'
import { callerOf, type GateParts, userAgentOf } from '../parts.ts'

/** Who signed in, and for what: the application has checked it. */
export interface SignIn {
  /** Opaque, stable, not personal: it stands in every token. 1 to 255 characters. */
  readonly subject: string
  /** Default: none. */
  readonly scope?: readonly string[] | undefined
  /** The OAuth client. Default: the one of the transport (option `clients`). */
  readonly client?: string | undefined
  /** How sure it is who this is (OpenID Connect `acr`). */
  readonly acr?: string | undefined
  /** How the user was authenticated (RFC 8176). */
  readonly amr?: readonly string[] | undefined
}

/** Opens a session for a user whom the application has authenticated, and answers with its first tokens. */
export function createSignIn(parts: GateParts): (view: RequestView, signIn: SignIn) => Promise<Answer> {
  return async (view, signIn) => {
    check(signIn)
    if (isCrossSite(view, parts.origins)) return withCors(refusal('cross_site'), view, parts.origins)
    const transport = transportOf(view)
    if (transport === undefined) return refusal('transport_unknown')
    return withCors(await open(parts, view, signIn, transport), view, parts.origins)
  }
}

async function open(
  parts: GateParts,
  view: RequestView,
  signIn: SignIn,
  transport: Transport,
): Promise<Answer> {
  const signer = parts.ring.signer()
  if (signer === undefined) return refusal('store_down')
  const caller = callerOf(view)
  const device = parts.devices.read(userAgentOf(view))
  const tag = tagOf(signIn.subject)
  const now = parts.clock.now()
  const outcome = await parts.store.sessions.open({
    id: newSessionId(tag, parts.random),
    tag,
    grant: {
      subject: signIn.subject,
      client: signIn.client ?? parts.sessions.clients[transport],
      scope: (signIn.scope ?? []).join(' '),
      transport,
      authenticatedAt: Math.floor(now / 1000),
      device: device.label,
      ...(signIn.acr === undefined ? {} : { acr: signIn.acr }),
      ...(signIn.amr === undefined ? {} : { amr: signIn.amr }),
    },
    binding: device.bindings[0],
    at: now,
    lifetimes: parts.sessions.lifetimes,
    sessionLimit: parts.sessions.sessionLimit,
    ...(caller.ip === undefined ? {} : { ip: caller.ip }),
  })
  if (outcome.kind === 'unavailable') return refusal('store_down')

  const { session } = outcome
  for (const sid of outcome.ended) {
    parts.replica.add({ kind: 'session', session: sid })
    parts.emit({
      event: 'session.ended',
      outcome: 'success',
      reason: 'session_limit',
      sub: session.subject,
      sid,
    })
  }
  const minted = await mint(parts, signer, session, outcome.issueFrom)
  if (minted === undefined) return refusal('signer_down')
  parts.emit({
    event: 'session.started',
    outcome: 'success',
    sub: session.subject,
    sid: session.id,
    client_id: session.client,
    ...minted.issued,
    ...caller,
  })
  return minted.answer
}

const NAME = /^[\x20-\x7e]{1,255}$/

function check({ subject, scope, client, acr, amr }: SignIn): void {
  if (typeof subject !== 'string' || subject === '' || subject.length > 255)
    throw new TypeError('signIn: "subject" must be a text of 1 to 255 characters')
  if (scope !== undefined && (!Array.isArray(scope) || !scope.every((one) => one !== '' && isScope(one))))
    throw new TypeError('signIn: "scope" must be a list of scope tokens (RFC 6749, section 3.3)')
  for (const [name, text] of Object.entries({ client, acr }))
    if (text !== undefined && !NAME.test(text))
      throw new TypeError(`signIn: "${name}" must be printable ASCII`)
  if (amr !== undefined && !(Array.isArray(amr) && amr.every((one) => NAME.test(one))))
    throw new TypeError('signIn: "amr" must be a list of printable ASCII texts')
}

/** Native apps ask for the refresh token in the body, since they have no cookie jar. */
function transportOf(view: RequestView): Transport | undefined {
  const asked = view.headers['x-token-transport']
  if (asked === undefined) return 'cookie'
  return asked === 'body' ? 'body' : undefined
}
