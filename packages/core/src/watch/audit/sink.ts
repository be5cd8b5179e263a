import type { SallyportEvent } from '../event.ts'

/** Where audit events are written. */
export interface AuditSink {
  /** What it is called in notices, such as `file`. */
  readonly name: string
  /**
   * Writes events, in their order. Called again only when the call before has settled.
   *
   * Resolves when they are kept. If it rejects, the same events are given again, in the same objects, with later ones
   * behind them: a sink that may have kept some of them must be able to take them twice.
   */
  write(events: readonly SallyportEvent[]): Promise<void>
  /** Releases what it holds. Called once, after the last write. */
  close?(): Promise<void>
}
