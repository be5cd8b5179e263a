import { type Client, ClientError } from '@sallyport/client'

export interface StreamMessage {
  readonly event: string
  readonly data: string
}

/** `stopped`: it was refused, and is not tried again. */
export type StreamState = 'connecting' | 'live' | 'reconnecting' | 'stopped'

export interface StreamParts {
  readonly client: Client
  readonly url: string
  /** A stream begins, with what there was before it. The time is the server's. */
  began(time: number): void
  heard(message: StreamMessage): void
  stateChanged(state: StreamState): void
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 15_000
/** A stream that was open for so long has not failed. */
const STEADY_MS = 5000
/** A server that says nothing for so long is not there any more. Its heartbeats are 15 seconds apart. */
const SILENCE_MS = 45_000

/** Follows an event stream, with a new token whenever one is over, until it is stopped or not allowed any more. */
export function followStream({ client, url, ...parts }: StreamParts): () => void {
  const stopped = new AbortController()
  const { signal } = stopped
  let failures = 0

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now()
      if ((await stream()) === 'refused') return parts.stateChanged('stopped')
      if (performance.now() - began > STEADY_MS) failures = 0
      if (signal.aborted) return
      parts.stateChanged('reconnecting')
      const most = Math.min(FIRST_WAIT_MS * 2 ** failures++, LONGEST_WAIT_MS)
      await pause(most * (0.5 + Math.random() / 2), signal)
    }
  }

  async function stream(): Promise<'ended' | 'refused'> {
    try {
      const headers = { Accept: 'text/event-stream' }
      const answer = await client.fetch(url, { headers, cache: 'no-store', signal })
      if (answer.status === 401 || answer.status === 403) return 'refused'
      if (!answer.ok || answer.body === null) return 'ended'
      parts.began(Date.parse(answer.headers.get('Date') ?? ''))
      parts.stateChanged('live')
      await readMessages(answer.body, parts.heard)
    } catch (fault) {
      // Only the user can go on from there.
      if (fault instanceof ClientError && fault.status === 401) return 'refused'
    }
    return 'ended'
  }

  parts.stateChanged('connecting')
  void follow()
  return () => stopped.abort()
}

/** Reads an event stream to its end (HTML, section 9.2.6). What has no event, such as a heartbeat, is left out. */
async function readMessages(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  heard: (message: StreamMessage) => void,
): Promise<void> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await soon(reader)
    if (done) return
    const blocks = `${rest}${value}`.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const message = messageIn(block)
      if (message !== undefined) heard(message)
    }
  }
}

/** What comes next. After a long silence, that the stream is done. */
async function soon(reader: ReadableStreamDefaultReader<string>): Promise<ReadableStreamReadResult<string>> {
  const impatience = setTimeout(() => void reader.cancel(), SILENCE_MS)
  try {
    return await reader.read()
  } finally {
    clearTimeout(impatience)
  }
}

function messageIn(block: string): StreamMessage | undefined {
  let event = ''
  const data: string[] = []
  for (const line of block.split('\n')) {
    const [, name, value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? []
    if (name === 'event') event = value
    if (name === 'data') data.push(value)
  }
  return event === '' ? undefined : { event, data: data.join('\n') }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => resolve())
  })
}
