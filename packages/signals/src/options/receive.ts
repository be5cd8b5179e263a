import type { Gate, SenderOptions, StatementSender } from '@sallyport/core/adapter'
import { ConfigError, describeValue, schema } from '@sallyport/core/sink'
import type { PollEndpoint } from '../received/poller.ts'
import type { OnSignal } from '../received/signal.ts'
import type { SubjectOf } from '../received/subject.ts'
import { endpointUrl, headerValue, mayShow } from './values.ts'

/** Whose signals are taken, and what is made of them. */
export interface ReceiveOptions {
  /** Who sends signals. */
  readonly transmitters: readonly TransmitterOptions[]
  /**
   * Finds the user of this deployment whom an identifier means, such as an e-mail address, or the subject of another
   * issuer. It is asked about every identifier but those of users by the issuer of this deployment, and those of sessions
   * of it. If it throws or rejects, the signal is answered 503, and comes again. Default: only an identifier of the format
   * `opaque` means a user, whose subject it is.
   */
  readonly subjectOf?: SubjectOf | undefined
  /**
   * Is told of every signal of a known type, before it does anything, and may return `ignore` to leave it at that. What it
   * throws, or rejects with, becomes a notice, and the signal does what it says.
   */
  readonly onSignal?: OnSignal | undefined
}

/** Somebody who sends signals: who it is, what its tokens must be, and where its keys are. */
export interface TransmitterOptions extends SenderOptions {
  /**
   * The value that the `Authorization` header of pushed tokens must have, such as `Bearer …`: 1 to 1024 printable ASCII
   * characters. Default: the signature of the token is enough.
   */
  readonly authorization?: string | undefined
  /**
   * Whether its access tokens are accepted here, by the option `issuers` of `createSallyport`. A session or an access token
   * that it revokes is then one of its own, whose access tokens are refused from now on. Default false.
   */
  readonly tokens?: boolean | undefined
  /**
   * The members of complex subjects that its metadata calls critical, as `critical_subject_members`. A signal whose subject
   * has one of them does nothing, unless it is `user` or `session`; `onSignal` is told. Default: none.
   */
  readonly criticalMembers?: readonly string[] | undefined
  /** Where to ask for its signals. Default: it pushes them. */
  readonly poll?: PollOptions | undefined
}

/** Where a transmitter is asked for its signals (RFC 8936). */
export interface PollOptions {
  /** The URL: https, or http on loopback. Redirects are not followed. */
  readonly url: string
  /**
   * The value of the `Authorization` header: 1 to 1024 printable ASCII characters; or a function that returns it or a
   * promise of it, and is called for each request. Default: there is none.
   */
  readonly authorization?: string | (() => string | PromiseLike<string>) | undefined
}

export interface ReceiveSettings {
  readonly transmitters: readonly TransmitterSettings[]
  readonly subjectOf: SubjectOf | undefined
  readonly onSignal: OnSignal | undefined
}

export interface TransmitterSettings {
  readonly sender: StatementSender
  readonly authorization: string | undefined
  readonly tokens: boolean
  readonly criticalMembers: readonly string[]
  readonly poll: PollEndpoint | undefined
}

const { callable, custom, distinctArray, filledArray, group, optional, parse, string } = schema

const anyObject = custom<TransmitterOptions>(
  (given) => typeof given === 'object' && given !== null && !Array.isArray(given),
  'an object with issuer, audience, jwks, discovery, algorithms, authorization, tokens, criticalMembers, poll',
)
const receiveSchema = group({
  transmitters: filledArray(anyObject, 'an array of transmitters'),
  subjectOf: optional(callable<SubjectOf>('a function (identifier, issuer) => subject')),
  onSignal: optional(callable<OnSignal>('a function (signal) => "ignore", or nothing')),
})
const transmitterSchema = group({
  authorization: optional(headerValue),
  tokens: optional(schema.boolean, false),
  criticalMembers: optional(
    distinctArray(string(/^.{1,64}$/, 'a name of 1 to 64 characters'), 'an array of names'),
    [],
  ),
  poll: optional(
    group({
      url: endpointUrl,
      authorization: optional(
        custom<string | (() => string | PromiseLike<string>)>(
          (given) =>
            typeof given === 'function' || (typeof given === 'string' && /^[\x20-\x7e]{1,1024}$/.test(given)),
          '1 to 1024 printable ASCII characters, or a function',
        ),
      ),
    }),
  ),
})

const PATH = 'signals.receive'

/** @param parseSender parses what transmitters have in common with other senders of statements */
export function receiveSettings(
  given: ReceiveOptions,
  parseSender: Gate['statements']['parse'],
): ReceiveSettings {
  const { transmitters, subjectOf, onSignal } = parse(receiveSchema, given, { path: PATH })
  const parsed = transmitters.map((given, index): TransmitterSettings => {
    const path = `${PATH}.transmitters.${index}`
    const { authorization, tokens, criticalMembers, poll, ...sender } = given
    const said = withoutUndefined({ authorization, tokens, criticalMembers, poll })
    const own = parse(transmitterSchema, said, { path, mayShow })
    return {
      sender: parseSender(sender, path),
      authorization: own.authorization,
      tokens: own.tokens,
      criticalMembers: own.criticalMembers,
      poll: own.poll && { url: own.poll.url, authorization: own.poll.authorization },
    }
  })
  for (const [index, { sender }] of parsed.entries())
    if (parsed.findIndex((other) => other.sender.issuer === sender.issuer) < index)
      throw new ConfigError(
        `${PATH}.transmitters.${index}.issuer`,
        'different from the others',
        describeValue(sender.issuer),
      )
  return { transmitters: parsed, subjectOf, onSignal }
}

function withoutUndefined(given: object): object {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}
