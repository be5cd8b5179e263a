import type { EventWords } from '../words/en/events.ts'

export type CountName = 'sign_ins' | 'refreshes' | 'refusals' | 'alerts'

export interface KeyOfServer {
  readonly kid: string
  readonly alg: string
  readonly state: string
  /** When it begins to sign; `null` for keys in the options. */
  readonly created_at: string | null
  readonly age_seconds: number | null
  /** When the next one takes over. */
  readonly next?: string
}

/** `GET /api/overview` */
export interface Overview {
  readonly since: string
  readonly process: string
  /** Of each minute of the last hour, the newest last. */
  readonly counts: Readonly<Record<CountName, readonly number[]>>
  readonly sessions_in_use: number
  /** In the last hour. */
  readonly revocations: number
  readonly keys: readonly KeyOfServer[]
}

export interface SessionOfServer {
  readonly sid: string
  readonly sub: string
  readonly device: string | null
  readonly ip: string | null
  readonly started_at: string | null
  readonly last_seen_at: string | null
}

export interface SessionsOfServer {
  readonly sessions: readonly SessionOfServer[]
  /** Whether the user has others besides. */
  readonly more?: boolean
}

/** One of `GET /api/events`. */
export interface EventOfServer {
  readonly time: string
  readonly event: keyof EventWords | (string & {})
  readonly outcome: 'success' | 'failure'
  readonly sub?: string | null
  readonly sid?: string | null
  readonly kid?: string | null
  readonly ip?: string | null
  readonly device?: string | null
  readonly reason?: string | null
  readonly action?: string | null
}
