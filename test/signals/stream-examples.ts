// The examples of SSF 1.0, section 8.1, copyright The OpenID Foundation, in short: what a receiver asks of its streams, and
// what it is answered. `test/texts` finds all of them in the text.

const type = (number: number) => `urn:example:secevent:events:type_${number}`

export const STREAM_ID = 'f67e39a0a4d34d56b3aa1bc4cff0069f'

const delivery = { method: 'urn:ietf:rfc:8935', endpoint_url: 'https://receiver.example.com/events' }
const requested = { events_requested: [type(2), type(3), type(4)] }
const described = (letter: string, more = ' using events type_2, type_3, type_4') => ({
  description: `Stream for Receiver ${letter}${more}`,
})

/** What the transmitter of the examples, which has the types 1, 2 and 3, makes of it. */
const configuration = {
  ...{ stream_id: STREAM_ID, iss: 'https://tr.example.com', delivery, ...requested },
  aud: ['https://receiver.example.com/web', 'https://receiver.example.com/mobile'],
  events_supported: [type(1), type(2), type(3)],
  events_delivered: [type(2), type(3)],
}

export interface StreamExample {
  readonly section: string
  /** The names of the two figures in the text. */
  readonly anchors: readonly [request: string, answer: string]
  readonly request: { readonly method: string; readonly target: string; readonly body?: object }
  readonly answer: { readonly status: number; readonly body?: unknown }
}

const example = (
  section: string,
  anchors: StreamExample['anchors'],
  [method, target, body]: readonly [string, string, object?],
  [status, said]: readonly [number, unknown?],
): StreamExample => ({
  ...{ section: `8.1.${section}`, anchors },
  request: { method, target, ...(body && { body }) },
  answer: { status, ...(said !== undefined && { body: said }) },
})

const STREAM = '/ssf/stream'
const OF_STREAM = `?stream_id=${STREAM_ID}`
const stream = { stream_id: STREAM_ID }

export const streamExamples: readonly StreamExample[] = [
  example(
    '1.1',
    ['figcreatestreamreq', 'figcreatestreamresp'],
    ['POST', STREAM, { delivery, ...requested, ...described('A') }],
    [201, { ...configuration, ...described('A') }],
  ),
  example(
    '1.2',
    ['figreadconfigreq', 'figreadconfigresp'],
    ['GET', STREAM + OF_STREAM],
    [200, { ...configuration, ...described('A') }],
  ),
  example(
    '1.2',
    ['figreadconfigreqnostreamid', 'figreadconfigrespnostreamidmanystreams'],
    ['GET', STREAM],
    [
      200,
      [configuration, { ...configuration, stream_id: '50b2d39934264897902c0581ba7c21a3', ...described('A') }],
    ],
  ),
  example(
    '1.2',
    ['figreadconfigreqnostreamid', 'figreadconfigrespnostreamidonestream'],
    ['GET', STREAM],
    [200, [configuration]],
  ),
  example(
    '1.2',
    ['figreadconfigreqnostreamid', 'figreadconfigrespnostreamidnostreams'],
    ['GET', STREAM],
    [200, []],
  ),
  example(
    '1.3',
    ['figupdateconfigreq', 'figupdateconfigresp'],
    ['PATCH', STREAM, { ...stream, ...requested, ...described('B') }],
    [200, { ...configuration, ...described('B') }],
  ),
  example(
    '1.4',
    ['figreplaceconfigreq', 'figreplaceconfigresp'],
    ['PUT', STREAM, { ...stream, delivery, ...requested, ...described('C', '') }],
    [200, { ...configuration, ...described('C', '') }],
  ),
  example('1.5', ['figdeletestreamreq', 'figdeletestreamresp'], ['DELETE', STREAM + OF_STREAM], [204]),
  example(
    '2.1',
    ['figstatusreq', 'figstatusresp'],
    ['GET', `/ssf/status${OF_STREAM}`],
    [200, { ...stream, status: 'paused', reason: 'SYSTEM_DOWN_FOR_MAINTENANCE' }],
  ),
  // Without a reason in the request there is none to answer, whatever the figure after both has.
  example(
    '2.2',
    ['figupdatestatusreq', 'figupdatestatusresp'],
    ['POST', '/ssf/status', { ...stream, status: 'paused' }],
    [200, { ...stream, status: 'paused', reason: 'Disabled by administrator action.' }],
  ),
  example(
    '2.2',
    ['figupdatestatuswithreasonreq', 'figupdatestatusresp'],
    ['POST', '/ssf/status', { ...stream, status: 'paused', reason: 'Disabled by administrator action.' }],
    [200, { ...stream, status: 'paused', reason: 'Disabled by administrator action.' }],
  ),
  example(
    '3.2',
    ['figaddreq', 'figaddresp'],
    [
      'POST',
      '/ssf/subjects:add',
      { ...stream, subject: { format: 'email', email: 'example.user@example.com' }, verified: true },
    ],
    [200],
  ),
  // A slip of the text: the format of RFC 9493 is `phone_number`, so this is one that nobody knows.
  example(
    '3.3',
    ['figremovereq', 'figremoveresp'],
    [
      'POST',
      '/ssf/subjects:remove',
      { ...stream, subject: { format: 'phone', phone_number: '+12065550123' } },
    ],
    [204],
  ),
  example(
    '4.2',
    ['figverifyreq', 'figverifyresp'],
    ['POST', '/ssf/verify', { ...stream, state: 'VGhpcyBpcyBhbiBleGFtcGxlIHN0YXRlIHZhbHVlLgo=' }],
    [204],
  ),
]

const jdoe = { user: { format: 'email', email: 'jdoe@example.com' } }
const tenant = { tenant: { format: 'opaque', id: 'example-a38h4792-uw2' } }
const group = (url: string) => ({ group: { format: 'did', url } })

/** Whether a subject that was added matches that of an event (section 8.1.3.1). All are `complex`. */
export const subjectMatches: readonly {
  readonly added: object
  readonly event: object
  readonly matches: boolean
}[] = [
  { added: tenant, event: { ...tenant, ...jdoe }, matches: true },
  {
    added: { ...jdoe, device: { format: 'ip-addresses', 'ip-addresses': ['10.29.37.75'] } },
    ...{ event: jdoe, matches: true },
  },
  {
    added: { ...jdoe, ...group('did:example:123456') },
    event: { ...jdoe, ...group('did:example:9999999') },
    matches: false,
  },
]
