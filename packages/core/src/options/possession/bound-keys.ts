import * as v from 'valibot'
import type { BoundKeySettings } from '../../sessions/bound-keys/index.ts'
import {
  distinctArray,
  type Entries,
  group,
  type Room,
  room,
  string,
  switchOr,
  wholeNumber,
} from '../values/schema.ts'

/** Whether browsers can bind their sessions to a key that never leaves the device (DBSC). */
export interface WithDeviceBoundSessions {
  /**
   * Whether a browser that can is asked at sign-in to make a key for its session, and to show it with each refresh from
   * then on. Other browsers go on as before. The routes are those of `refresh`, and `paths.auth` must be the path at which
   * browsers reach them. `true`, or an object with more options. Default `false`.
   *
   * @see [Device Bound Session Credentials](https://w3c.github.io/webappsec-dbsc/)
   */
  readonly deviceBoundSessions?: boolean | DeviceBoundSessionsOptions | undefined
}

export interface DeviceBoundSessionsOptions {
  /**
   * How long a browser shows its key by a cookie, in seconds, until it must prove anew that it has it: 60 to 3,600.
   * Whoever steals all cookies can use them for so long, and a minute more. Default 600.
   */
  readonly cookieSeconds?: number | undefined
  /**
   * Further paths, such as `/downloads`, at which the browser has that cookie renewed before it sends a request: those
   * where you call `sessions.find` or `sessions.handOver`. What is below a path counts, too. Default: none.
   */
  readonly paths?: readonly string[] | undefined
}

export interface DeviceBoundSessionsRoomSettings {
  /** `undefined` if it is off. */
  readonly boundKeys: BoundKeySettings | undefined
}

const path = string(/^(\/[\w.~-]+)+$/, 'a path such as "/downloads"')
const options = group({
  cookieSeconds: v.optional(wholeNumber(60, 3600), 600),
  paths: v.optional(distinctArray(path, 'an array of paths'), []),
})

const entries = {
  deviceBoundSessions: v.optional(switchOr(options), false),
} satisfies Entries<WithDeviceBoundSessions>

export const boundKeysRoom: Room<DeviceBoundSessionsRoomSettings> = room(
  entries,
  ({ deviceBoundSessions: given }) => {
    if (given === false) return { boundKeys: undefined }
    const { cookieSeconds, paths } = given === true ? { cookieSeconds: 600, paths: [] } : given
    return { boundKeys: { cookieSeconds, paths } }
  },
)
