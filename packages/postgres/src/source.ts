/** What a statement gives. The types of the values are those of {@link readValue}. */
export type Row = Readonly<Record<string, unknown>>

/** Sends one statement with its values. Rejects with the error of the driver. */
export type Send = (text: string, values: readonly unknown[]) => Promise<readonly Row[]>

/** Where statements are sent: a pool of connections, or an embedded database. */
export interface Source {
  /** The address of the server, without user and password. */
  readonly address: string
  /** Sends one statement, which is a transaction of its own. */
  readonly send: Send
  /** Runs work in one transaction, at the level READ COMMITTED. It is rolled back if the work rejects. */
  transaction<T>(work: (send: Send) => Promise<T>): Promise<T>
  /**
   * Listens to a channel until the source is closed, and again whenever the connection was lost.
   *
   * @param onGap is called when it listens again: notifications may have been missed
   */
  listen(channel: string, onMessage: (payload: string) => void, onGap: () => void): void
  /** Whether other processes listen, under the same name. */
  mayHaveOthers(): Promise<boolean>
  close(): Promise<void>
}
