import { afterEach, describe, expect, test } from 'vitest'
import { ISSUER, type Managed, type Reply, startManaged } from '../../signals/managing.ts'
import { STREAM_ID, streamExamples } from '../../signals/stream-examples.ts'

const [created] = streamExamples
const events = [1, 2, 3].map((number) => `urn:example:secevent:events:type_${number}`)
const audience = ['https://receiver.example.com/web', 'https://receiver.example.com/mobile']

let managed: Managed | undefined
afterEach(() => managed?.close())

/** The transmitter of the examples, with as many streams as an example finds. Gives the id of the first. */
async function transmitter(streams: number): Promise<{ readonly id: string; readonly ask: Managed['ask'] }> {
  const origins = ['https://receiver.example.com']
  managed = await startManaged({ receiver: { audience, events, streams: { origins, most: 2 } } })
  let id = ''
  for (let index = 0; index < streams; index++) {
    const made = await managed.ask('POST', '/ssf/stream', created?.request.body)
    id ||= made.body.stream_id
  }
  return { id, ask: managed.ask }
}

/** How many streams there are before an example. */
const before: Readonly<Record<string, number>> = {
  figcreatestreamresp: 0,
  figreadconfigrespnostreamidnostreams: 0,
  figreadconfigrespnostreamidmanystreams: 2,
}
/** It knows users by their name here, and no e-mail addresses or telephone numbers: nobody is meant (section 8.1.3). */
const OF_NOBODY = new Set(['figaddresp', 'figremoveresp'])

/** What the text has as the transmitter's own: its name, the id of the stream, and descriptions that change between figures. */
function comparable(value: unknown, id: string): unknown {
  const text = JSON.stringify(value).replaceAll(STREAM_ID, id).replaceAll('https://tr.example.com', ISSUER)
  return JSON.parse(text, (name, member) =>
    name === 'description' || (name === 'stream_id' && member !== id) ? undefined : member,
  )
}

describe('the requests about streams of SSF 1.0 are answered as the text says', () => {
  test.each(streamExamples.map((one) => ({ ...one, figure: one.anchors.join(', ') })))(
    'section $section: $figure',
    async ({ request, answer, anchors }) => {
      const [, answered] = anchors
      const { id, ask } = await transmitter(before[answered] ?? 1)
      const send = (method: string, target: string, body?: unknown): Promise<Reply> =>
        ask(
          method,
          target.replace(STREAM_ID, id).replace('subjects:', 'subjects/'),
          body && comparable(body, id),
        )
      const reason = 'SYSTEM_DOWN_FOR_MAINTENANCE'
      if (answered === 'figstatusresp')
        await send('POST', '/ssf/status', { stream_id: STREAM_ID, status: 'paused', reason })

      const { status, body } = await send(request.method, request.target, request.body)
      if (OF_NOBODY.has(answered)) {
        expect(status).toBe(404)
        return
      }
      expect(status).toBe(answer.status)
      if (answer.body === undefined) expect(body).toBeUndefined()
      // A status that was set without a reason has none, whatever the figure shows.
      else if (anchors[0] === 'figupdatestatusreq') expect(body).toEqual({ stream_id: id, status: 'paused' })
      else {
        // A stream that is made by the request itself gets its id with the answer.
        const own = id || body.stream_id
        expect(comparable(body, own)).toMatchObject(comparable(answer.body, own) as object)
      }
    },
  )

  test('a description is kept, and answered', async () => {
    const { id, ask } = await transmitter(1)
    const description = 'Stream for Receiver B'
    expect(await ask('PATCH', '/ssf/stream', { stream_id: id, description })).toMatchObject({
      ...{ status: 200, body: { description } },
    })
    expect((await ask('GET', `/ssf/stream?stream_id=${id}`)).body).toMatchObject({ description })
  })
})
