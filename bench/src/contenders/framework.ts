import type { Server } from 'node:http'
import type { Setup } from '../setup.ts'
import type { Contender, Rotator } from './catalogue.ts'

/** What one framework's file serves: `GET /api/me`, or `POST /auth/login` and `POST /auth/refresh`. */
export interface Serving {
  verify(contender: Contender, setup: Setup): Promise<Server>
  refresh(rotator: Rotator, setup: Setup): Promise<Server>
}

/** Any port of the loopback interface: so the server answers 127.0.0.2 as well. */
export const LISTEN = { host: '127.0.0.1', port: 0 } as const

export const BARE_SUBJECT = 'user-000000'
