import type { Tools } from '../shared/app.ts'
import { ask } from '../shared/request.ts'

/** A session of the user, as `GET /sessions` has it. */
export interface UserSession {
  readonly id: string
  readonly created_at: string
  readonly last_seen_at: string
  readonly ip: string | null
  readonly device: string
  readonly current: boolean
}

export interface UserSessions {
  readonly sessions: readonly UserSession[]
  /** Whether the user has others besides. */
  readonly more?: boolean
}

/** Lists the user's sessions. Several callers at once share one request. */
export function createSessionList({ client, config }: Tools): () => Promise<UserSessions> {
  let underWay: Promise<UserSessions> | undefined
  return () => {
    underWay ??= ask<UserSessions>(client, 'GET', `${config.authPath}/sessions`).finally(() => {
      underWay = undefined
    })
    return underWay
  }
}
