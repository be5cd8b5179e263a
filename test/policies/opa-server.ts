import { createServer, type RequestListener } from 'node:http'
import { type Listening, listening } from '../support/listening.ts'

/** What the document at a path is for an input; `undefined` where it is undefined. */
export type Documents = Readonly<Record<string, (input: unknown) => unknown>>

export interface OpaRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly input: unknown
}

export interface OpaServer extends Listening {
  readonly asked: readonly OpaRequest[]
}

/**
 * Speaks the Data API of OPA as it is documented, over documents that are functions. It is no OPA: it evaluates no Rego.
 *
 * @see [Get a Document (with Input)](https://www.openpolicyagent.org/docs/rest-api#get-a-document-with-input)
 */
export async function startOpa(documents: Documents): Promise<OpaServer> {
  const asked: OpaRequest[] = []
  const answer: RequestListener = async (req, res) => {
    const say = (status: number, body: object): void => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    let body = ''
    for await (const chunk of req) body += chunk
    const path = req.url ?? ''
    if (!path.startsWith('/v1/data/')) return void res.writeHead(404).end()
    if (req.method !== 'POST') return void res.writeHead(405).end()
    let given: { readonly input?: unknown }
    try {
      given = JSON.parse(body)
    } catch {
      return say(400, { code: 'invalid_parameter', message: 'error(s) occurred while decoding request' })
    }
    asked.push({ path, headers: req.headers, input: given.input })
    const result = documents[path.slice('/v1/data/'.length)]?.(given.input)
    // With decision logs on, each answer has an id; where the document is undefined, there is no "result".
    say(200, { decision_id: `decision-${asked.length}`, ...(result === undefined ? {} : { result }) })
  }
  return { ...(await listening(createServer(answer), async () => {})), asked }
}
