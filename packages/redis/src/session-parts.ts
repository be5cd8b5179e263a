import type { SubjectTag } from '@sallyport/core/store'
import type { Commands } from './commands.ts'
import type { Layout } from './layout.ts'
import type { Records } from './records.ts'
import type { Argument, LateArgument } from './scripts.ts'

export interface SessionParts {
  readonly commands: Commands
  readonly layout: Layout
  /** Whether the outbox is told of sessions that end. */
  readonly tellsEnds: boolean
  readonly records: Records
  /** The first argument of every script that changes something: see `begin` in `shared/layout.lua`. */
  readonly header: (shard: number, at: number) => LateArgument
  /** The time to judge by, in milliseconds since the epoch; `''` for the server's own. */
  readonly instant: (at: number) => Argument
}

/**
 * Finds the shard of a subject, and the keys of a script that ends sessions of it: its hash, the feed, the shard's meta
 * and, if that is told, the outbox.
 */
export function locator({
  layout,
  tellsEnds,
}: Pick<SessionParts, 'layout' | 'tellsEnds'>): (tag: SubjectTag) => { shard: number; keys: string[] } {
  return (tag) => {
    const shard = layout.shardOfTag(tag)
    const keys = [layout.user(tag), layout.feed(shard), layout.meta(shard)]
    return { shard, keys: tellsEnds ? [...keys, layout.outbox(shard)] : keys }
  }
}
