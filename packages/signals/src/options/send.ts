import { schema } from '@sallyport/core/sink'
import type { DefaultSubjects } from '../sent/streams/record.ts'
import { type ReceiverOptions, type ReceiverSettings, receiverSchema, receiverSettings } from './receivers.ts'
import { mayShow } from './values.ts'

/** To whom signals are sent. Needs the option `outbox` of `createSallyport`, which keeps them until they have arrived. */
export interface SendOptions {
  /** Who gets them. */
  readonly receivers: readonly ReceiverOptions[]
  /** Where you mount `transmitter`, as the metadata tells it. Default `/auth`. */
  readonly path?: string | undefined
  /** Whether each event `password.changed` is sent as a `credential-change`. Default true. */
  readonly passwordChanges?: boolean | undefined
  /**
   * Of whom a stream that a receiver sets up gets events: of everybody but those whom the receiver removed (`ALL`), or only of
   * those whom it added (`NONE`). With another value, what receivers said before counts no longer. Default `ALL`.
   */
  readonly defaultSubjects?: DefaultSubjects | undefined
  /** The most users whom a stream may have removed, or added. Default 10,000; 1 to 100,000. */
  readonly maxSubjects?: number | undefined
  /** How long a receiver has to wait before a stream is verified again, in seconds. Default 30; 1 to 86,400. */
  readonly verificationIntervalSeconds?: number | undefined
}

export interface SendSettings extends ReceiverSettings {
  readonly path: string
  readonly passwordChanges: boolean
  readonly defaultSubjects: DefaultSubjects
  readonly maxSubjects: number
  readonly verificationSeconds: number
}

const { boolean, distinctArray, group, oneOf, optional, parse, string, wholeNumber } = schema

const sendSchema = group({
  receivers: distinctArray(receiverSchema, 'an array of receivers'),
  path: optional(string(/^(\/[A-Za-z0-9._~-]+)*$/, 'a path such as "/auth", or an empty string'), '/auth'),
  passwordChanges: optional(boolean, true),
  defaultSubjects: optional(oneOf('ALL', 'NONE'), 'ALL'),
  maxSubjects: optional(wholeNumber(1, 100_000), 10_000),
  verificationIntervalSeconds: optional(wholeNumber(1, 86_400), 30),
})

const PATH = 'signals.send'

export function sendSettings(given: SendOptions): SendSettings {
  const { receivers, verificationIntervalSeconds, ...rest } = parse(sendSchema, given, {
    path: PATH,
    mayShow,
  })
  return {
    ...receiverSettings(receivers, `${PATH}.receivers`),
    ...rest,
    verificationSeconds: verificationIntervalSeconds,
  }
}
