import { ConfigError } from '../errors.ts'
import type { Clock } from '../ports/clock.ts'
import type { OnceOutcome, OnceStore } from '../ports/optional/once.ts'
import { type Begun, createStatementOnce } from '../tokens/statements/once.ts'
import type { SignStatement } from '../tokens/statements/sign.ts'
import { type StatementReading, type StatementRule, verifyStatement } from '../tokens/statements/verify.ts'
import { createSenderKeys, type SenderOptions, type StatementSender } from './senders.ts'

/** What statements of one kind must be, whoever sends them. */
export interface StatementKind extends Pick<StatementRule, 'types' | 'maxAgeSeconds' | 'expiry'> {
  /** A word that tells statements of this kind from others, such as `logout`. */
  readonly kind: string
}

/** What tells a genuine statement from others of its sender, and its times in seconds since the epoch. */
export interface StatementTimes {
  readonly jti: string
  readonly issuedAt: number
  readonly usableUntil: number
}

/** Verifies the statements of one kind, from one sender. */
export interface StatementReader {
  readonly issuer: string
  /** Verifies a statement. Does NOT check whether it came before, nor what it says beyond whom it is from and for. */
  verify(jwt: string): Promise<StatementReading>
  /**
   * Marks a genuine statement as used, for all processes together: of racing calls exactly one is `first`. Call it last,
   * so that nobody can use up a statement that is refused.
   */
  mark(jti: string, usableUntil: number): Promise<OnceOutcome>
  /**
   * Marks that somebody begins with what a genuine statement says, for what a store that goes away may leave half done: of
   * racing calls exactly one is `first`, and whoever comes later learns whether it was finished. Call it where you would
   * call `mark`, and `finish` when all is done.
   */
  begin(statement: StatementTimes): Promise<Begun>
  /** Marks that all of it is done. Of racing calls exactly one is `first`. */
  finish(statement: StatementTimes): Promise<OnceOutcome>
}

/** What this deployment states to other services, and what they state to it: JWTs that are no access tokens. */
export interface Statements {
  readonly sign: SignStatement
  /**
   * Parses the options of a sender for `from`. Throws a `ConfigError` that names the wrong one.
   *
   * @param path where they stand, such as `signals.senders.0`
   */
  parse(given: SenderOptions, path: string): StatementSender
  /**
   * Verifies what a sender states. Its keys are fetched from the first statement on. Rejects with a `ConfigError` if it is
   * given keys of which none can be used, and if the store does not remember what has happened once.
   */
  from(sender: StatementSender, kind: StatementKind): Promise<StatementReader>
  /** Aborts running fetches of keys. */
  close(): void
}

export interface StatementsParts extends Pick<Statements, 'sign' | 'parse'> {
  readonly once: OnceStore | undefined
  readonly clock: Clock
  readonly notice: (message: string) => void
}

export function createStatements({ sign, parse, once, clock, notice }: StatementsParts): Statements {
  const closing: (() => void)[] = []
  const used = once && createStatementOnce(once, clock)
  return {
    sign,
    parse,
    async from(sender, { kind, ...rule }) {
      const { path, issuer, audience } = sender
      if (used === undefined)
        throw new ConfigError(path, {
          sentence: `"${path}" needs a store with the optional member "once", such as memoryStore() or redisStore()`,
        })
      const keys = await createSenderKeys(sender, clock, notice)
      closing.push(keys.close)
      return {
        issuer,
        verify: (jwt) => verifyStatement(jwt, { issuer, audience, find: keys.find, ...rule }, clock.now()),
        mark: (jti, usableUntil) => used.mark({ kind, issuer, jti, usableUntil }),
        begin: ({ issuedAt, ...statement }) => used.begin({ kind, issuer, ...statement }, issuedAt),
        finish: ({ jti, usableUntil }) => used.finish({ kind, issuer, jti, usableUntil }),
      }
    },
    close() {
      for (const close of closing) close()
    },
  }
}
