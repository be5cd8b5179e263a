import type { Commands } from './commands.ts'
import type { Layout } from './layout.ts'
import type { Records } from './records.ts'
import type { Argument, LateArgument } from './scripts.ts'

export interface SessionParts {
  readonly commands: Commands
  readonly layout: Layout
  readonly records: Records
  /** The first argument of every script that changes something: see `begin` in `shared/layout.lua`. */
  readonly header: (shard: number, at: number) => LateArgument
  /** The time to judge by, in milliseconds since the epoch; `''` for the server's own. */
  readonly instant: (at: number) => Argument
}
