import assert from 'node:assert/strict'
import { Described } from '../support/described.ts'
import type { Host } from '../support/hosts.ts'
import { type Reply, type Send, type SendBytes, send } from './client.ts'

const documents = new WeakMap<Host, Promise<Described>>()

/** What a host says in its own document of the reply that it gave. */
export async function expectDescribed(
  host: Host,
  request: Send | SendBytes | undefined,
  reply: Reply,
): Promise<void> {
  // What Node.js refuses by itself has no body, and is not in the document.
  const isOfParser = reply.status >= 400 && reply.text === ''
  if (request === undefined || 'bytes' in request || reply.status === 0 || isOfParser) return
  const read = documents.get(host) ?? readDocument(host)
  documents.set(host, read)
  const described = await read
  const { method = 'GET', path } = request
  const fault = described.faultOf(method, path, reply)
  assert.equal(fault, undefined)
}

async function readDocument({ url }: Host): Promise<Described> {
  const { text } = await send(url, { path: '/openapi.json' })
  return new Described(JSON.parse(text))
}
