import { createSallyport, memoryStore, type Sallyport } from '@sallyport/core'
import { createSignals } from '@sallyport/signals'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'
import { jwks } from './transmitter.ts'

let sallyport: Sallyport
beforeAll(async () => {
  sallyport = await createSallyport({ outbox: {} })
})
afterAll(() => sallyport.close())

const good = { issuer: 'https://idp.example.com', audience: 'us', jwks }
const from = (more: object) => ({ receive: { transmitters: [{ ...good, ...more }] } })
const to = (more: object) => ({ send: { receivers: [{ audience: 'b', ...more }] } })
const url = 'https://b.example.com/events'

const wrong: readonly WrongOption[] = [
  {
    name: 'an unknown option',
    options: { recieve: {} },
    option: 'signals.recieve',
    says: 'unknown option "signals.recieve" (did you mean "signals.receive"?)',
  },
  {
    name: 'something that is no group',
    options: { send: 'all' },
    option: 'signals.send',
    allowed: 'an object with receivers',
    given: '"all"',
  },
  {
    name: 'nobody to receive from',
    options: { receive: { transmitters: [] } },
    option: 'signals.receive.transmitters',
    allowed: 'an array of transmitters',
    given: 'an empty array',
  },
  {
    name: 'a transmitter that is a text',
    options: { receive: { transmitters: ['idp'] } },
    option: 'signals.receive.transmitters.0',
    allowed: 'an object with issuer',
    given: '"idp"',
  },
  {
    name: 'an unknown option of a transmitter',
    options: from({ algoritms: ['ES256'] }),
    option: 'signals.receive.transmitters.0.algoritms',
    says: 'unknown option "signals.receive.transmitters.0.algoritms" (did you mean "signals.receive.transmitters.0.algorithms"?)',
  },
  {
    name: 'an issuer that is no URL',
    options: from({ issuer: 'idp' }),
    option: 'signals.receive.transmitters.0.issuer',
    allowed: 'an https URL',
    given: '"idp"',
  },
  {
    name: 'a transmitter without keys',
    options: from({ jwks: { keys: [] } }),
    option: 'signals.receive.transmitters.0.jwks',
    says: '"signals.receive.transmitters.0.jwks" has no key that can be used',
  },
  {
    name: 'two transmitters of one name',
    options: { receive: { transmitters: [good, { ...good, audience: 'others' }] } },
    option: 'signals.receive.transmitters.1.issuer',
    allowed: 'different from the others',
    given: '"https://idp.example.com"',
  },
  {
    name: 'an authorization of two lines',
    options: from({ authorization: 'Bearer\nx' }),
    option: 'signals.receive.transmitters.0.authorization',
    allowed: '1 to 1024 printable ASCII characters',
  },
  {
    name: 'tokens of a transmitter whose tokens are not accepted',
    options: from({ tokens: true }),
    option: 'signals.receive.transmitters.0.tokens',
    says: '"signals.receive.transmitters.0.tokens" needs the transmitter in the option "issuers" of createSallyport',
  },
  {
    name: 'members of subjects that are no array',
    options: from({ criticalMembers: 'device' }),
    option: 'signals.receive.transmitters.0.criticalMembers',
    allowed: 'an array of names',
    given: '"device"',
  },
  {
    name: 'a member of subjects without a name',
    options: from({ criticalMembers: ['device', ''] }),
    option: 'signals.receive.transmitters.0.criticalMembers.1',
    allowed: 'a name of 1 to 64 characters',
    given: '""',
  },
  {
    name: 'a place to poll that is not secure',
    options: from({ poll: { url: 'http://idp.example.com/poll' } }),
    option: 'signals.receive.transmitters.0.poll.url',
    allowed: 'an https URL',
    given: '"http://idp.example.com/poll"',
  },
  {
    name: 'a function that is none',
    options: { receive: { transmitters: [good], subjectOf: 'email' } },
    option: 'signals.receive.subjectOf',
    allowed: 'a function (identifier, issuer) => subject',
    given: '"email"',
  },
  {
    name: 'a receiver without an audience',
    options: { send: { receivers: [{ push: { url } }] } },
    option: 'signals.send.receivers.0.audience',
    says: '"signals.send.receivers.0.audience" is required: give a string of 1 to 255 characters without white space, or an array of them',
  },
  {
    name: 'a receiver that nothing could be sent to',
    options: to({}),
    option: 'signals.send.receivers.0.push',
    says: '"signals.send.receivers.0" is nobody to whom anything could be sent: give "push", or "reader" for a receiver that polls',
  },
  {
    name: 'a receiver that is not secure',
    options: to({ push: { url: 'http://b.example.com/events' } }),
    option: 'signals.send.receivers.0.push.url',
    allowed: 'an https URL',
    given: '"http://b.example.com/events"',
  },
  {
    name: 'a receiver with a password in its URL',
    options: to({ push: { url: 'https://me:secret@b.example.com/' } }),
    option: 'signals.send.receivers.0.push.url',
    allowed: 'an https URL',
    given: '"https://…@b.example.com/"',
  },
  {
    name: 'a name that is no name',
    options: to({ push: { url }, name: 'a b' }),
    option: 'signals.send.receivers.0.name',
    allowed: '1 to 64 characters of A-Z a-z 0-9 - _',
    given: '"a b"',
  },
  {
    name: 'two receivers of one name',
    options: {
      send: {
        receivers: [
          { audience: 'b', push: { url } },
          { audience: 'b', reader: 'b' },
        ],
      },
    },
    option: 'signals.send.receivers.1.name',
    allowed: 'different from the others',
    given: '"wQD5XBkT-ccvwfTvCEfh5y"',
  },
  {
    name: 'streams that nobody could set up',
    options: to({ streams: {} }),
    option: 'signals.send.receivers.0.reader',
    says: '"signals.send.receivers.0.reader" is required: give the subject whose token sets up the streams',
  },
  {
    name: 'streams of a receiver that is pushed to',
    options: to({ streams: {}, reader: 'b', push: { url } }),
    option: 'signals.send.receivers.0.push',
    says: '"signals.send.receivers.0" has "push" and "streams": a receiver that sets up streams says itself where it is pushed to',
  },
  {
    name: 'streams of two receivers that could not be told apart',
    options: {
      send: {
        receivers: [
          { audience: 'b', reader: 'r', streams: {} },
          { audience: 'c', reader: 'r', streams: {} },
        ],
      },
    },
    option: 'signals.send.receivers.1.reader',
    allowed: 'different from the others',
    given: '"r"',
  },
  {
    name: 'an origin with a path',
    options: to({ reader: 'b', streams: { origins: ['https://b.example.com/'] } }),
    option: 'signals.send.receivers.0.streams.origins.0',
    allowed: 'an origin such as "https://receiver.example.com" (http on loopback)',
    given: '"https://b.example.com/"',
  },
  {
    name: 'an origin without TLS',
    options: to({ reader: 'b', streams: { origins: ['http://b.example.com'] } }),
    option: 'signals.send.receivers.0.streams.origins.0',
    allowed: 'an origin such as "https://receiver.example.com" (http on loopback)',
    given: '"http://b.example.com"',
  },
  {
    name: 'too many streams',
    options: to({ reader: 'b', streams: { most: 11 } }),
    option: 'signals.send.receivers.0.streams.most',
    allowed: 'a whole number from 1 to 10',
    given: '11',
  },
  {
    name: 'a default that is none',
    options: { send: { receivers: [], defaultSubjects: 'SOME' } },
    option: 'signals.send.defaultSubjects',
    allowed: 'one of "ALL", "NONE"',
    given: '"SOME"',
  },
  {
    name: 'no subjects at all',
    options: { send: { receivers: [], maxSubjects: 0 } },
    option: 'signals.send.maxSubjects',
    allowed: 'a whole number from 1 to 100000',
    given: '0',
  },
  {
    name: 'an interval that is none',
    options: { send: { receivers: [], verificationIntervalSeconds: 0 } },
    option: 'signals.send.verificationIntervalSeconds',
    allowed: 'a whole number from 1 to 86400',
    given: '0',
  },
  {
    name: 'no types of events',
    options: to({ push: { url }, events: [] }),
    option: 'signals.send.receivers.0.events',
    allowed: 'an array of URIs',
    given: 'an empty array',
  },
  {
    name: 'a path with a slash at its end',
    options: { send: { receivers: [], path: '/auth/' } },
    option: 'signals.send.path',
    allowed: 'a path such as "/auth", or an empty string',
    given: '"/auth/"',
  },
]

describe('signals are refused', () => {
  test.each(wrong)('with $name', async (one) => {
    // @ts-expect-error what an application without types may give
    const fault = await configFault(() => createSignals(sallyport, one.options))
    expectRefusal(fault, one)
  })

  test('without an outbox, if they are to be sent', async () => {
    const silent = await createSallyport()
    for (const receiver of [{ push: { url } }, { reader: 'b' }, { reader: 'b', streams: {} }]) {
      const fault = await configFault(() => createSignals(silent, to(receiver)))
      expect(fault?.option).toBe('outbox')
    }
    await silent.close()
  })

  test('with a store that keeps no documents, if receivers are to set up streams', async () => {
    const forgetful = await createSallyport({
      outbox: {},
      store: {
        ...memoryStore(),
        async open(context) {
          const { documents: _, ...store } = await memoryStore().open(context)
          return store
        },
      },
    })
    const fault = await configFault(() => createSignals(forgetful, to({ reader: 'b', streams: {} })))
    expect(fault?.option).toBe('signals.send.receivers')
    expect(fault?.message).toContain('"documents"')
    await forgetful.close()
  })

  test('with a store that does not remember what came before', async () => {
    const forgetful = await createSallyport({
      store: {
        ...memoryStore(),
        async open(context) {
          const { once: _, ...store } = await memoryStore().open(context)
          return store
        },
      },
    })
    const fault = await configFault(() => createSignals(forgetful, from({})))
    expect(fault?.message).toContain('"once"')
    await forgetful.close()
  })
})

test('receivers that set up streams belong to one transmitter', async () => {
  const options = to({ reader: 'managing', name: 'managing', streams: {} })
  const { close } = await createSignals(sallyport, options)
  await expect(createSignals(sallyport, options)).rejects.toThrow(TypeError)
  close()
})

test('where nothing is received or sent, there are no routes', async () => {
  const { receiver, transmitter, wellKnown, close } = await createSignals(sallyport, {})
  expect([receiver, transmitter, wellKnown]).toEqual([[], [], []])
  close()
})

test('routes are below where they are mounted', async () => {
  const { receiver, transmitter, wellKnown, close } = await createSignals(sallyport, {
    ...from({}),
    send: {
      receivers: [
        { audience: 'b', push: { url: `${url}?tenant=1` } },
        { audience: 'c', name: 'c', reader: 'c' },
      ],
    },
  })
  expect(receiver.map(({ path }) => path)).toEqual(['/signals'])
  expect(transmitter.map(({ path }) => path)).toEqual([
    ...['/ssf/stream', '/ssf/status', '/ssf/verify', '/ssf/poll/:id'],
  ])
  expect(wellKnown.map(({ path }) => path)).toEqual(['/.well-known/ssf-configuration'])
  close()
})
