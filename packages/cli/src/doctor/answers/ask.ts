import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Sighting } from '../catalogue.ts'

const MOST_BYTES = 262_144

/** One request to the deployment. */
export interface Question {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  /** The value of a header; '' if there is none. */
  header(name: string): string
  readonly cookies: readonly string[]
  readonly body: string
}

/** Sends a request, and gives its answer; `undefined` if none came in time, or none that can be read. */
export type Ask = (question: Question) => Promise<Answer | undefined>

/** What a part of the examination needs. */
export interface Examined {
  readonly base: URL
  readonly authPath: string
  /** Asks; a failure is a finding. */
  readonly ask: Ask
  found(sighting: Sighting): void
}

export function createAsk(base: URL, timeoutMs: number, failed: (question: Question) => void): Ask {
  return async (question) => {
    try {
      return await exchange(base, question, timeoutMs)
    } catch {
      // A server decides what goes wrong, so nothing of it is shown.
      failed(question)
      return undefined
    }
  }
}

/** `fetch` follows the rules of browsers and forges no Host, so this takes the client below it. */
function exchange(base: URL, { method, path, headers = {} }: Question, timeoutMs: number): Promise<Answer> {
  const send = base.protocol === 'https:' ? httpsRequest : httpRequest
  const options = {
    ...{ method, headers, agent: false as const, signal: AbortSignal.timeout(timeoutMs) },
    // Otherwise a forged Host would be the name that the certificate must have.
    ...(base.protocol === 'https:' ? { servername: base.hostname } : {}),
  }
  return new Promise((resolve, reject) => {
    const sent = send(new URL(path, base), options, (response) => {
      read(response).then(resolve, reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MOST_BYTES) break
  }
  const { headers, statusCode = 0 } = response
  return {
    status: statusCode,
    header: (name) => [headers[name] ?? ''].flat().join(', '),
    cookies: headers['set-cookie'] ?? [],
    body: Buffer.concat(chunks).subarray(0, MOST_BYTES).toString(),
  }
}

/** The members of a JSON object; `undefined` if the body is none. */
export function objectIn(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A part of what a stranger wrote. */
export function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
