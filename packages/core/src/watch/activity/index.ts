import { ConfigError } from '../../errors.ts'
import type { ActivityStore } from '../../ports/optional/activity.ts'
import { type Activity, type ActivityParts, createActivity } from './activity.ts'

export interface ActivitySettings {
  readonly keptMs: number
}

/** @param settings `undefined` if the application does not want it */
export function createActivities(
  store: ActivityStore | undefined,
  settings: ActivitySettings | undefined,
  parts: Omit<ActivityParts, 'store' | 'keptMs'>,
): Activity | undefined {
  if (settings === undefined) return undefined
  if (store !== undefined) return createActivity({ ...parts, ...settings, store })
  throw new ConfigError('store', {
    sentence: '"store" cannot keep the activity of users, which the option "activity" needs',
  })
}
