import type { Gate } from '@sallyport/core/adapter'
import { schema } from '@sallyport/core/sink'
import { type ReceiveOptions, type ReceiveSettings, receiveSettings } from './receive.ts'
import { type SendOptions, type SendSettings, sendSettings } from './send.ts'

/** What `createSignals` takes. */
export interface SignalsOptions {
  /** Whose signals are taken. Default: nobody's. */
  readonly receive?: ReceiveOptions | undefined
  /** To whom signals are sent. Default: to nobody. */
  readonly send?: SendOptions | undefined
}

export interface Settings {
  readonly receive: ReceiveSettings | undefined
  readonly send: SendSettings | undefined
}

const { custom, group, optional, parse } = schema

const isObject = (given: unknown): boolean => typeof given === 'object' && given !== null
const everything = group({
  receive: optional(custom<ReceiveOptions>(isObject, 'an object with transmitters, subjectOf, onSignal')),
  send: optional(custom<SendOptions>(isObject, 'an object with receivers, path, passwordChanges')),
})

/** Throws a `ConfigError` that names the wrong option. */
export function parseOptions(given: SignalsOptions, parseSender: Gate['statements']['parse']): Settings {
  const { receive, send } = parse(everything, given, { path: 'signals' })
  return {
    receive: receive && receiveSettings(receive, parseSender),
    send: send && sendSettings(send),
  }
}
