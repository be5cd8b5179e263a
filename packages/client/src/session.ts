import { createBackoff } from './backoff.ts'
import { type Refusal, refusalOf } from './challenge.ts'
import { ClientError } from './errors.ts'
import { createLock } from './lock.ts'
import type { ClientChange, ClientState, TokenStorage } from './options.ts'
import { FIRST, openRecords, type SessionRecord } from './record.ts'
import { createStanding } from './standing.ts'
import { storedRecords } from './stored-records.ts'
import { newKey, rest, stopwatch } from './system.ts'
import { joinTabs, type Message } from './tabs.ts'
import { type Grant, grantIn, type Held, hold, isOver } from './tokens.ts'

/** The session of this tab's user. */
export interface Session {
  readonly state: ClientState
  /** The token to use now; `undefined`: nobody is signed in. */
  token(): Promise<string | undefined>
  /** A token other than this one, which was refused. */
  renew(refused: string): Promise<string | undefined>
  signIn(send: (token: string | undefined) => Promise<Response>): Promise<Response>
  accept(answer: Response): Promise<boolean>
  /** Signs out all tabs, and gives the token that there was. */
  leave(): Promise<string | undefined>
  /** What became of the session while this page was away. */
  wake(): Promise<void>
  rest(): void
}

export interface SessionParts {
  /** Sends a refresh under a key, by the cookie or with a token. */
  readonly refresh: (key: string, refreshToken: string | undefined) => Promise<Response>
  /** Tells the sessions of one origin apart. */
  readonly name: string
  /** Where the refresh token is; `undefined`: in a cookie. */
  readonly storage: TokenStorage | undefined
  readonly timeoutMs: number
  readonly changed: (change: ClientChange) => void
  readonly stepUp: (refusal: Refusal) => Promise<boolean>
}

/** How long another tab may take to tell its token. */
const ASKED_MS = 50

export function createSession({
  name,
  storage,
  timeoutMs,
  changed,
  stepUp,
  ...parts
}: SessionParts): Session {
  const alone = createLock(name, timeoutMs * 2)
  const records =
    storage === undefined
      ? openRecords(name)
      : storedRecords(storage, createLock(`${name} record`, timeoutMs))
  const tabs = joinTabs(name, hear)
  const backoff = createBackoff()
  const standing = createStanding(changed)
  let underWay: Promise<string | undefined> | undefined
  let heard = (): void => {}

  function hear(message: Message): void {
    switch (message.kind) {
      case 'token':
        standing.take(hold(message, message.leftMs), 'elsewhere')
        heard()
        break
      case 'out':
        standing.leave(message.epoch, message.by)
        break
      case 'ask':
        if (standing.held?.isDue() === false) tellToken(standing.held)
    }
  }

  function tellToken({ token, lifetimeMs, epoch, turn, leftMs }: Held): void {
    tabs.tell({ kind: 'token', token, lifetimeMs, epoch, turn, leftMs: leftMs() })
  }

  /** Keeps a token that the server has just given, if nobody signed in or out since it was asked for. */
  async function keep(
    grant: Grant,
    { since, ago, by }: { since: number; ago: () => number; by: ClientChange['by'] },
  ): Promise<boolean> {
    const { refreshToken } = grant
    const kept = storage === undefined || refreshToken === undefined ? {} : { refreshToken }
    const record = await records.update((now) =>
      now.epoch === since ? { ...now, ...kept, turn: now.turn + 1, isOut: false, key: undefined } : now,
    )
    if (record.epoch !== since) return false
    standing.take(hold({ ...grant, epoch: since, turn: record.turn }, grant.lifetimeMs, ago()), by)
    const { held } = standing
    if (held?.turn === record.turn) tellToken(held)
    return true
  }

  /**
   * Whoever signs in or out begins something new, which no answer from before changes.
   *
   * @param since only if nobody has since then
   */
  async function begin(isOut: boolean, since?: number): Promise<SessionRecord> {
    return records.update((now) =>
      since === undefined || since === now.epoch
        ? { ...FIRST, epoch: now.epoch + 1, turn: now.turn, isOut }
        : now,
    )
  }

  async function end(by: 'here' | 'ended', since?: number): Promise<void> {
    const { epoch, isOut } = await begin(true, since)
    if (!isOut) return
    tabs.tell({ kind: 'out', epoch, by: by === 'here' ? 'elsewhere' : by })
    standing.leave(epoch, standing.state === 'unknown' ? 'here' : by)
  }

  function renewed(refused?: string): Promise<string | undefined> {
    underWay ??= alone(() => exchange(refused)).finally(() => {
      underWay = undefined
    })
    return underWay
  }

  async function exchange(refused: string | undefined): Promise<string | undefined> {
    const another = (): string | undefined => {
      const { held } = standing
      return held !== undefined && held.token !== refused && !held.isDue() ? held.token : undefined
    }
    if (another() === undefined && standing.state === 'unknown') await askOthers()
    const known = another()
    if (known !== undefined) return known
    backoff.check()
    const record = await records.update((now) => (now.key === undefined ? { ...now, key: newKey() } : now))
    // A page that has just been loaded asks the server all the same: somebody may have come back from another site.
    if (record.isOut && standing.state !== 'unknown') {
      standing.leave(record.epoch, 'elsewhere')
      return undefined
    }
    if (storage !== undefined && record.refreshToken === undefined) {
      standing.leave(record.epoch, 'here')
      return undefined
    }
    return refresh(record)
  }

  async function refresh({
    epoch: since,
    key = '',
    refreshToken,
  }: SessionRecord): Promise<string | undefined> {
    const ago = stopwatch()
    const answer = await parts.refresh(key, refreshToken)
    const grant = await grantOf(answer)
    if (grant !== undefined) {
      backoff.served()
      const isOther = since > standing.epoch && standing.state === 'signed_in'
      await keep(grant, { since, ago, by: isOther ? 'elsewhere' : 'here' })
      return standing.held?.token
    }
    // The key stays: it may be that of a refresh whose answer was lost, and which was not repeated now.
    if (!(await isOver(answer))) throw backoff.refused(answer)
    const refusal = refusalOf(answer)
    if (refusal.kind === 'step_up') throw new NeedsStepUp(refusal)
    await end('ended', since)
    return standing.held?.token
  }

  async function grantOf(answer: Response): Promise<Grant | undefined> {
    try {
      return await grantIn(answer)
    } catch (cause) {
      throw new ClientError('the answer to a refresh did not arrive', { cause })
    }
  }

  async function askOthers(): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      heard = resolve
    })
    tabs.tell({ kind: 'ask' })
    await Promise.race([answered, rest(ASKED_MS)])
  }

  async function renewedOrStepped(refused?: string): Promise<string | undefined> {
    try {
      return await renewed(refused)
    } catch (cause) {
      if (!(cause instanceof NeedsStepUp)) throw cause
      if (await stepUp(cause.refusal)) return standing.held?.token
      throw new ClientError('the user has to authenticate again', { status: 401, cause })
    }
  }

  async function token(): Promise<string | undefined> {
    if (standing.state === 'signed_out') return undefined
    const { held } = standing
    if (held === undefined || held.isExpired()) return renewedOrStepped()
    // Whether that fails is seen when the token is over.
    if (held.isDue()) renewed().catch(() => {})
    return held.token
  }

  async function accept(answer: Response): Promise<boolean> {
    const ago = stopwatch()
    const grant = await grantIn(answer)
    return grant !== undefined && keep(grant, { since: (await begin(false)).epoch, ago, by: 'here' })
  }

  return {
    get state() {
      return standing.state
    },
    ...{ token, accept, renew: renewedOrStepped, rest: tabs.rest },
    signIn(send) {
      const { held } = standing
      const token = held?.isExpired() === false ? held.token : undefined
      return alone(async () => {
        const answer = await send(token)
        await accept(answer)
        return answer
      })
    },
    async leave() {
      const { held } = standing
      await end('here')
      return held?.token
    },
    async wake() {
      tabs.listen()
      const record = await records.read()
      if (standing.state === 'unknown' || record.epoch <= standing.epoch) return
      if (record.isOut) return standing.leave(record.epoch, 'elsewhere')
      standing.forget(record.epoch)
      await token()
    },
  }
}

/** The session is there, but will not be refreshed before the user has authenticated again. */
class NeedsStepUp extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super('the user has to authenticate again')
    this.refusal = refusal
  }
}
