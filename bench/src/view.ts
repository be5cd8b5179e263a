import type { RequestView } from '@sallyport/core'
import { USER_AGENT } from './setup.ts'

const STABLE = {
  target: '/',
  ip: '192.0.2.1',
  secure: true,
  body: { kind: 'parsed', value: undefined },
  params: {},
} as const

/** A request as an adapter shows it to the gate, with one field more than every request has. */
export function viewOf(method: 'GET' | 'POST', name: string, value: string): RequestView {
  return {
    ...STABLE,
    method,
    headers: { host: 'api.example.com', 'user-agent': USER_AGENT, [name]: value },
    rawHeaders: ['Host', 'api.example.com', 'User-Agent', USER_AGENT, name, value],
  }
}
