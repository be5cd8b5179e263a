import * as v from 'valibot'
import type { ActivitySettings } from '../watch/activity/index.ts'
import { type Entries, group, type Room, room, wholeNumber } from './values/schema.ts'

/** What users see of what happened to them. */
export interface WithActivity {
  /** Keeps the newest 50 events of each user for `GET /activity` (endpoint set `activity`). Default: nothing is kept. */
  readonly activity?: ActivityOptions | undefined
}

export interface ActivityOptions {
  /** How long a user's events are kept after the newest one, in days. Default 30; 1 to 365. */
  readonly days?: number | undefined
}

const DAY_MS = 86_400_000

const entries = {
  activity: v.optional(group({ days: v.optional(wholeNumber(1, 365), 30) })),
} satisfies Entries<WithActivity>

export const activityRoom: Room<{ readonly activity: ActivitySettings | undefined }> = room(
  entries,
  ({ activity }) => ({ activity: activity && { keptMs: activity.days * DAY_MS } }),
)
