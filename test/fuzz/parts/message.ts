import { METHODS } from 'node:http'

/** A request, as far as the HTTP parser of Node.js would let it pass. */
export interface Message {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const LINE = /^([A-Z-]{1,20}) (\/[\x21-\xff]*)$/
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/
/** What the parser reads by itself, or what is about the connection. */
const OF_CONNECTION = new Set([
  'transfer-encoding',
  'connection',
  'upgrade',
  'expect',
  'content-length',
  'trailer',
])

/**
 * Reads a request line, header fields and, behind an empty line, a body; `undefined` for what never reaches an
 * application. A name in braces stands for one of `values`.
 */
export function messageIn(input: Buffer, values: Readonly<Record<string, string>>): Message | undefined {
  const end = input.indexOf('\n\n')
  const head = (end < 0 ? input : input.subarray(0, end)).toString('latin1')
  const body = end < 0 ? Buffer.alloc(0) : input.subarray(end + 2)
  const fill = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all)
  const [first = '', ...lines] = fill(head).split('\n')
  const [, method = '', url = ''] = LINE.exec(first) ?? []
  if (!METHODS.includes(method) || method === 'CONNECT') return undefined
  const headers: Record<string, string> = { host: 'auth.example.test' }
  for (const line of lines) {
    const [, name = '', value = ''] = FIELD.exec(line) ?? []
    if (name === '' || OF_CONNECTION.has(name.toLowerCase())) continue
    headers[name.toLowerCase()] = value.trim()
  }
  return { method, url, headers, body: Buffer.from(fill(body.toString('latin1')), 'latin1') }
}
