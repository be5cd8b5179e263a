import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'

/** An event of a stream. */
export interface ReceivedEvent {
  readonly name: string
  readonly content: Readonly<Record<string, unknown>>
}

/** A stream of events that a client reads. */
export interface EventReader {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  /** All that came so far. */
  readonly text: () => string
  readonly events: () => readonly ReceivedEvent[]
  /** Resolves as soon as what came so far is as asked for. */
  until(isEnough: (reader: EventReader) => boolean): Promise<void>
  /** Resolves to whether the body came to its end, rather than being cut. */
  readonly complete: Promise<boolean>
  hangUp(): void
}

/** Asks for a stream, on a connection of its own. */
export async function readEvents(url: string, token: string): Promise<EventReader> {
  const headers = { authorization: `Bearer ${token}` }
  const sent = request(url, { headers, agent: new Agent() }).end()
  const answer: IncomingMessage = (await once(sent, 'response'))[0]
  let text = ''
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const complete = new Promise<boolean>((resolve) => {
    answer.once('end', () => resolve(true))
    answer.once('error', () => resolve(false))
    answer.once('close', () => resolve(false))
  })
  const reader: EventReader = {
    ...{ status: answer.statusCode, headers: answer.headers, complete },
    text: () => text,
    events: () => eventsIn(text),
    async until(isEnough) {
      while (!isEnough(reader)) {
        if (answer.closed || answer.readableEnded) throw new Error(`the stream is over: ${text}`)
        await Promise.race([once(answer, 'data'), complete])
      }
    },
    hangUp: () => void sent.destroy(),
  }
  return reader
}

/** Read as the HTML Standard says: fields are lines, and an empty line ends an event. */
function eventsIn(text: string): ReceivedEvent[] {
  return text
    .split(/\r\n\r\n|\n\n|\r\r/)
    .slice(0, -1)
    .flatMap((block) => {
      const fields = block.split(/\r\n|\n|\r/).map((line) => /^([^:]*): ?(.*)$/s.exec(line) ?? [])
      const valuesOf = (name: string): string[] =>
        fields.filter(([, field]) => field === name).map(([, , value = '']) => value)
      const data = valuesOf('data')
      return data.length === 0
        ? []
        : [{ name: valuesOf('event').at(-1) ?? 'message', content: JSON.parse(data.join('\n')) }]
    })
}
