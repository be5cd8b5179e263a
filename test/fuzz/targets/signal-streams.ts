import { Agent } from 'node:http'
import { READER, startManaged } from '../../signals/managing.ts'
import { streamExamples } from '../../signals/stream-examples.ts'
import { ask, mustBeFine } from '../parts/ask.ts'
import { messageIn } from '../parts/message.ts'
import type { Target } from '../target.ts'

const FIELDS = ['authorization: Bearer {key}', 'content-type: application/json']
/** Where nobody listens, so that nothing is sent to anybody. */
const PUSH = 'http://127.0.0.1:9'
const MOST_STREAMS = 10

const message = (method: string, path: string, body?: object): string =>
  `${[`${method} /auth${path}`, ...FIELDS].join('\n')}\n\n${body === undefined ? '' : JSON.stringify(body)}`

/** What receivers ask of a transmitter about their streams (SSF 1.0, section 8.1), polls among it (RFC 8936). */
export const signalStreams: Target = {
  name: 'signal-streams',
  words: [
    '"stream_id"',
    '{stream}',
    '"delivery"',
    '"events_requested"',
    '"subject"',
    '"state"',
    '"ack"',
    '"setErrs"',
  ],
  maxBytes: 8000,
  async open() {
    const managed = await startManaged({ receiver: { streams: { origins: [PUSH], most: MOST_STREAMS } } })
    const agent = new Agent({ keepAlive: true })
    const key = await managed.keyOf(READER, 'ssf.manage')
    const values: Record<string, string> = { key, stream: '' }

    /** There is always one, and room for one more. */
    async function arrange(): Promise<void> {
      const streams = await managed.signals.streams.list()
      if (streams.length === MOST_STREAMS)
        for (const { id } of streams) await managed.ask('DELETE', `/ssf/stream?stream_id=${id}`)
      const [first] = await managed.signals.streams.list()
      values.stream = first?.id ?? (await managed.ask('POST', '/ssf/stream', {})).body.stream_id
    }

    await arrange()
    return {
      seeds: [
        ...streamExamples.map(({ request: { method, target, body } }) =>
          message(method, target, body).replaceAll(/[0-9a-f]{32}/g, '{stream}'),
        ),
        message('POST', '/ssf/stream', {
          delivery: { method: 'urn:ietf:rfc:8935', endpoint_url: `${PUSH}/a` },
        }),
        message('POST', '/ssf/verify', { stream_id: '{stream}', state: 'abc' }),
        message('POST', '/ssf/poll/{stream}', {
          returnImmediately: true,
          ack: ['a'],
          setErrs: { b: { err: 'x' } },
        }),
        message('GET', '/ssf/status?stream_id={stream}'),
      ],
      async run(input) {
        const sent = messageIn(input, values)
        if (sent === undefined || waits(sent)) return
        mustBeFine(sent, await ask(managed.url, agent, sent), key)
        if (sent.method !== 'GET') await arrange()
      },
      async close() {
        agent.destroy()
        await managed.close()
      },
    }
  },
}

/** Whether it is a poll that may wait for news, of which there are none. */
function waits({ url, body }: { readonly url: string; readonly body: Buffer }): boolean {
  return url.includes('/poll') && !/"returnImmediately":true/.test(body.toString('latin1'))
}
