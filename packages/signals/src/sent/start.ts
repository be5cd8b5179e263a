import { ConfigError } from '@sallyport/core'
import type { Gate, Route } from '@sallyport/core/adapter'
import type { SendSettings } from '../options/send.ts'
import type { Waits } from '../waits.ts'
import { createAuthorize, type Reader } from './authorize.ts'
import { unchanging } from './judge.ts'
import { manageRoutes } from './manage.ts'
import { KINDS } from './message.ts'
import { type AnswerPoll, createPollAnswers } from './poll.ts'
import { pushReceiver, type Told } from './push.ts'
import { outboxName, type Stream } from './stream.ts'
import { createFollowing, type Following } from './streams/follow.ts'
import { createOperatorStreams, type OperatorStreams } from './streams/operator.ts'
import { documentOf, PUSH_TIMEOUT_MS } from './streams/record.ts'
import { createStreams, type Streams } from './streams/streams.ts'
import { wellKnownRoute } from './well-known.ts'

/** What a transmitter answers with, and what the application may do with its streams. */
export interface Transmitter {
  readonly routes: readonly Route[]
  readonly wellKnown: Route
  readonly streams: OperatorStreams
}

export function startTransmitter(gate: Gate, settings: SendSettings, waits: Waits): Transmitter {
  const { issuer, outbox, statements, state } = gate
  const common = { issuer, sign: statements.sign }
  const unmarked: Told = () => Promise.resolve(true)
  const polls = new Map<string, AnswerPoll>()
  for (const stream of settings.streams) {
    const { id, push } = stream
    const read = unchanging(stream)
    if (push !== undefined)
      outbox.push({
        ...pushReceiver({ ...common, read, told: unmarked }, push.timeoutMs),
        name: outboxName(id),
      })
    else {
      const receiver = outbox.poll(outboxName(id), KINDS)
      polls.set(id, createPollAnswers({ ...common, id, read, told: unmarked, receiver, waits }))
    }
  }
  const managed = manage(gate, settings, waits)

  function pollsOf({ id, push, owner }: Stream, { receiver }: Reader): AnswerPoll | undefined {
    if (owner.kind === 'configured') return polls.get(id)
    if (push !== undefined || receiver === undefined || managed === undefined) return undefined
    const { streams, following } = managed
    return createPollAnswers({
      ...{ ...common, id, waits, receiver: following.subscriptionOf(id).polled },
      ...{ read: streams.reader(receiver, id), told: (update) => streams.told(receiver, id, update) },
    })
  }

  const urlOf = (route: string): string => new URL(issuer).origin + settings.path + route
  const transmitter = {
    routes: manageRoutes({
      ...{ ...gate, ...settings, urlOf, pollsOf, attempt: state.attempt, streams: managed?.streams },
      verificationSeconds: state.attempt && settings.verificationSeconds,
      authorize: createAuthorize({ ...gate, ...settings }),
    }),
    wellKnown: wellKnownRoute(gate, urlOf, managed && settings.defaultSubjects),
    streams: createOperatorStreams(settings.receivers, managed?.streams),
  }
  // It comes last: if anything throws before, nobody can stop it.
  managed?.following.start()
  return transmitter
}

/** `undefined` if no receiver sets up any. Throws a `ConfigError` if the store cannot keep them. */
function manage(
  { issuer, outbox, statements, state }: Gate,
  settings: SendSettings,
  waits: Waits,
): { readonly streams: Streams; readonly following: Following } | undefined {
  const { receivers } = settings
  const { documents, newName } = state
  if (receivers.length === 0) return undefined
  for (const receiver of receivers) outbox.reserve(documentOf(receiver))
  if (documents === undefined)
    throw new ConfigError('signals.send.receivers', {
      sentence:
        'the option "streams" of a receiver needs a store with the optional member "documents", such as memoryStore() or redisStore()',
    })
  const following = createFollowing({
    ...{ receivers, documents, outbox, waits },
    send(subscription, receiver, id) {
      const read = streams.reader(receiver, id)
      const told: Told = (update) => streams.told(receiver, id, update)
      subscription.send(pushReceiver({ issuer, sign: statements.sign, read, told }, PUSH_TIMEOUT_MS))
    },
  })
  const streams = createStreams({ ...settings, documents, following, outbox, newName })
  return { streams, following }
}
