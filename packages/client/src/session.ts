import { createBackoff } from './backoff.ts'
import { NeedsStepUp, type Refusal, refusalOf } from './challenge.ts'
import { ClientError } from './errors.ts'
import { createLock } from './lock.ts'
import type { ClientChange, ClientState, TokenStorage } from './options.ts'
import { begun, openRecords, type SessionRecord } from './record.ts'
import { createStanding } from './standing.ts'
import { storedRecords } from './stored-records.ts'
import { newKey, pageAgeMs, stopwatch } from './system.ts'
import { joinTabs, type Message } from './tabs.ts'
import { type Grant, grantIn, grantOf, type Held, hold, isOver } from './tokens.ts'

/** The session of this tab's user. */
export interface Session {
  readonly state: ClientState
  /** The token to use now, behind its scheme; `undefined`: nobody is signed in. */
  credentials(): Promise<string | undefined>
  /** Credentials other than these, which were refused. */
  renew(refused: string): Promise<string | undefined>
  signIn(send: (credentials: string | undefined) => Promise<Response>): Promise<Response>
  accept(answer: Response): Promise<boolean>
  /** Signs out all tabs, and gives the credentials that there were. */
  leave(): Promise<string | undefined>
  /** Forgets what was kept for the session, unless somebody has signed in since. */
  forget(): Promise<void>
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
  /** The members of a token answer that came with the page. */
  readonly handedOver: Readonly<Record<string, unknown>>
  readonly changed: (change: ClientChange) => void
  readonly stepUp: (refusal: Refusal) => Promise<boolean>
  /** Forgets the key to which tokens are bound. */
  readonly forget: () => Promise<void> | undefined
}

export function createSession({
  name,
  storage,
  timeoutMs,
  handedOver,
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
  let takingOver: Promise<void> | undefined

  function update(change: (now: SessionRecord) => SessionRecord): Promise<SessionRecord> {
    return records.update((now) => change(standing.newer(now)))
  }

  function hear(message: Message): void {
    switch (message.kind) {
      case 'token':
        standing.take(hold(message, message.leftMs), 'elsewhere')
        break
      case 'out':
        standing.leave(message.epoch, message.by)
        break
      case 'ask':
        if (standing.held?.isDue() === false) tellToken(standing.held)
    }
  }

  function tellToken({ credentials, lifetimeMs, epoch, turn, leftMs }: Held): void {
    tabs.tell({ kind: 'token', credentials, lifetimeMs, epoch, turn, leftMs: leftMs() })
  }

  /** Keeps a token that the server has just given, if nobody signed in or out since it was asked for. */
  async function keep(
    grant: Grant,
    { since, ago, by }: { since: number; ago: () => number; by: ClientChange['by'] },
  ): Promise<boolean> {
    const { refreshToken } = grant
    const kept = storage === undefined || refreshToken === undefined ? {} : { refreshToken }
    const record = await update((now) =>
      now.epoch === since ? { ...now, ...kept, turn: now.turn + 1, isOut: false, key: undefined } : now,
    )
    if (record.epoch !== since) return false
    standing.take(hold({ ...grant, epoch: since, turn: record.turn }, grant.lifetimeMs, ago()), by)
    const { held } = standing
    if (held?.turn === record.turn) tellToken(held)
    return true
  }

  async function end(by: 'here' | 'ended', since?: number): Promise<void> {
    const { epoch, isOut } = await update(begun(true, since))
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
      return held !== undefined && held.credentials !== refused && !held.isDue()
        ? held.credentials
        : undefined
    }
    if (another() === undefined && standing.state === 'unknown') await tabs.ask()
    const known = another()
    if (known !== undefined) return known
    backoff.check()
    const record = await update((now) => (now.key === undefined ? { ...now, key: newKey() } : now))
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
    const grant = await arrived(answer)
    if (grant !== undefined) {
      backoff.served()
      const isOther = since > standing.epoch && standing.state === 'signed_in'
      await keep(grant, { since, ago, by: isOther ? 'elsewhere' : 'here' })
      return standing.held?.credentials
    }
    // The key stays: it may be that of a refresh whose answer was lost, and which was not repeated now.
    if (!(await isOver(answer))) throw backoff.refused(answer)
    const refusal = refusalOf(answer)
    if (refusal.kind === 'step_up') throw new NeedsStepUp(refusal)
    await end('ended', since)
    await forget()
    return standing.held?.credentials
  }

  /** Held alone, so that no sign-in is under way whose key it would be. */
  async function forget(): Promise<void> {
    if ((await records.read()).isOut) await parts.forget()
  }

  async function arrived(answer: Response): Promise<Grant | undefined> {
    try {
      return await grantIn(answer)
    } catch (cause) {
      throw new ClientError('the answer to a refresh did not arrive', { cause })
    }
  }

  async function renewedOrStepped(refused?: string): Promise<string | undefined> {
    try {
      return await renewed(refused)
    } catch (cause) {
      if (!(cause instanceof NeedsStepUp)) throw cause
      if (await stepUp(cause.refusal)) return standing.held?.credentials
      throw new ClientError('the user has to authenticate again', { status: 401, cause })
    }
  }

  /** The token that came with the page is no newer than those of other tabs. */
  async function takeOver(): Promise<void> {
    const grant = grantOf(handedOver)
    if (grant === undefined) return
    const { epoch, turn, isOut } = await records.read()
    const token = hold({ ...grant, epoch, turn }, grant.lifetimeMs, pageAgeMs())
    if (!isOut && !token.isExpired()) standing.take(token, 'here')
  }

  async function credentials(): Promise<string | undefined> {
    if (standing.state === 'unknown') {
      // If it fails, the server is asked.
      takingOver ??= takeOver().catch(() => {})
      await takingOver
    }
    if (standing.state === 'signed_out') return undefined
    const { held } = standing
    if (held === undefined || held.isExpired()) return renewedOrStepped()
    // Whether that fails is seen when the token is over.
    if (held.isDue()) renewed().catch(() => {})
    return held.credentials
  }

  async function accept(answer: Response): Promise<boolean> {
    const ago = stopwatch()
    const grant = await grantIn(answer)
    return grant !== undefined && keep(grant, { since: (await update(begun(false))).epoch, ago, by: 'here' })
  }

  return {
    get state() {
      return standing.state
    },
    ...{ credentials, accept, renew: renewedOrStepped, rest: tabs.rest },
    signIn(send) {
      const { held } = standing
      const known = held?.isExpired() === false ? held.credentials : undefined
      return alone(async () => {
        const answer = await send(known)
        await accept(answer)
        return answer
      })
    },
    async leave() {
      const { held } = standing
      await end('here')
      return held?.credentials
    },
    forget: () => alone(forget),
    async wake() {
      tabs.listen()
      const record = await records.read()
      if (standing.state === 'unknown' || record.epoch <= standing.epoch) return
      if (record.isOut) return standing.leave(record.epoch, 'elsewhere')
      standing.forget(record.epoch)
      await credentials()
    },
  }
}
