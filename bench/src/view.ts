import type { HeaderFields, RequestView } from '@sallyport/core/adapter'
import { USER_AGENT } from './setup.ts'

/** A request as an adapter shows it to the gate, with one field more than every request has. */
export function viewOf(method: 'GET' | 'POST', name: string, value: string): RequestView {
  const headers: Record<string, string> = { host: 'api.example.com', 'user-agent': USER_AGENT }
  headers[name] = value
  return { ...REST, method, headers, rawHeaders: [...COMMON, name, value] }
}

/** The same for a header that is most of all requests', made as cheaply as an adapter makes it. */
export class BearerView implements RequestView {
  readonly method = 'GET'
  readonly target = '/'
  readonly ip = '192.0.2.1'
  readonly peer = { address: '192.0.2.1', certificate: undefined }
  readonly secure = true
  readonly host = 'api.example.com'
  readonly body: RequestView['body'] = BODY
  readonly params: Readonly<Record<string, string>> = {}
  readonly headers: HeaderFields
  readonly rawHeaders: readonly string[]

  constructor(authorization: string) {
    this.headers = { host: 'api.example.com', 'user-agent': USER_AGENT, authorization }
    this.rawHeaders = ['Host', 'api.example.com', 'User-Agent', USER_AGENT, 'Authorization', authorization]
  }
}

export const TARGET_URL = 'https://api.example.com/'

/** A request with a bound token and a proof for {@link TARGET_URL}. */
export class DpopView extends BearerView {
  override readonly headers: HeaderFields
  override readonly rawHeaders: readonly string[]

  constructor(token: string, dpop: string) {
    super(`DPoP ${token}`)
    this.headers = { host: 'api.example.com', 'user-agent': USER_AGENT, authorization: `DPoP ${token}`, dpop }
    this.rawHeaders = Object.entries(this.headers).flat() as string[]
  }
}

const BODY = { kind: 'parsed', value: undefined } as const
const COMMON = ['Host', 'api.example.com', 'User-Agent', USER_AGENT] as const
const REST = {
  target: '/',
  ip: '192.0.2.1',
  peer: { address: '192.0.2.1', certificate: undefined },
  secure: true,
  host: 'api.example.com',
  body: BODY,
  params: {},
} as const
