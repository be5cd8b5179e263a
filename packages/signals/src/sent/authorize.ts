import { ConfigError } from '@sallyport/core'
import { type Answer, type Gate, type RequestView, refusal, type Verify } from '@sallyport/core/adapter'
import type { Unavailable } from '@sallyport/core/store'
import type { Stream } from './stream.ts'
import type { ManagingReceiver } from './streams/record.ts'
import type { Streams } from './streams/streams.ts'

/** Who may do what with a stream (CAEP interoperability profile 1.0, section 2.7.2). */
export const READ = ['ssf.read', 'ssf.manage'] as const
export const MANAGE = ['ssf.manage'] as const

/** Whoever reads or manages streams. */
export interface Reader {
  /** Who sets up streams of its own; `undefined`: the caller may not. */
  readonly receiver: ManagingReceiver | undefined
  /** The streams that the operator set up for it. */
  readonly configured: readonly Stream[]
  /** Whether the token may do more than read. */
  readonly mayManage: boolean
}

/**
 * Lets a request through whose access token or API key has one of the scopes.
 *
 * @param handle gets whoever reads streams by this token, and answers
 */
export type Authorize = (
  view: RequestView,
  scopes: readonly [string, ...string[]],
  handle: (reader: Reader) => Answer | Promise<Answer>,
) => Promise<Answer>

export interface AuthorizeParts extends Pick<Gate, 'verifier'> {
  readonly streams: readonly Stream[]
  readonly receivers: readonly ManagingReceiver[]
}

export function createAuthorize({ verifier, streams, receivers }: AuthorizeParts): Authorize {
  const verify = verifierOf({ verifier })
  return async (view, scopes, handle) => {
    const decision = await verify(view)
    if (decision.kind === 'refuse') return decision.answer
    if (decision.kind === 'guest') return refusal('token_missing')
    const { subject, scopes: granted } = decision.auth
    const [challenge] = scopes
    if (!scopes.some((scope) => granted.includes(scope)))
      return refusal('insufficient_scope', { challenge: { scope: challenge } })
    const answer = await handle({
      receiver: receivers.find(({ reader }) => reader === subject),
      configured: streams.filter(({ owner }) => owner.kind === 'configured' && owner.reader === subject),
      mayManage: MANAGE.some((scope) => granted.includes(scope)),
    })
    return decision.headers === undefined
      ? answer
      : { ...answer, headers: { ...answer.headers, ...decision.headers } }
  }
}

/** Receivers are programs, which have API keys where there are any. */
function verifierOf({ verifier }: Pick<Gate, 'verifier'>): Verify {
  try {
    return verifier({ issuers: 'own', apiKeys: 'accept' })
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    return verifier({ issuers: 'own' })
  }
}

/** All streams of whoever reads them. */
export async function streamsOf(
  { receiver, configured }: Reader,
  streams: Streams | undefined,
): Promise<{ readonly kind: 'read'; readonly streams: readonly Stream[] } | Unavailable> {
  if (receiver === undefined || streams === undefined) return { kind: 'read', streams: configured }
  const own = await streams.of(receiver)
  return own.kind === 'unavailable' ? own : { kind: 'read', streams: [...configured, ...own.streams] }
}

/** The stream with this id, if it is one of the reader's; or else the refusal. */
export async function findStream(
  reader: Reader,
  id: string | null,
  streams: Streams | undefined,
): Promise<Stream | Answer> {
  const all = await streamsOf(reader, streams)
  if (all.kind === 'unavailable') return refusal('store_unavailable')
  return all.streams.find((stream) => stream.id === id) ?? refusal('route_unknown')
}
