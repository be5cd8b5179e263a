import { createBackoff } from './backoff.ts'
import { refusalOf } from './challenge.ts'
import { ClientError, explained } from './errors.ts'
import { createLock } from './lock.ts'
import type { ClientChange, ClientState, StepUpChallenge, TokenStorage } from './options.ts'
import { begun, openRecords, type SessionRecord } from './record.ts'
import { createStanding } from './standing.ts'
import { storedRecords } from './stored-records.ts'
import { newKey, pageAgeMs, stopwatch } from './system.ts'
import { joinTabs, type Message } from './tabs.ts'
import { type Grant, grantIn, grantOf, type Held, hold, isOver, sidIn } from './tokens.ts'

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
  readonly stepUp: (challenge: StepUpChallenge) => Promise<boolean>
  /** Forgets the key to which tokens are bound. */
  readonly forget: () => Promise<void> | undefined
}

const asIs = (record: SessionRecord): SessionRecord => record

/** Credentials, or the step-up without which the server gives none. `undefined`: nobody is signed in. */
type Renewal = string | StepUpChallenge | undefined

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
  const updateRecord =
    storage === undefined
      ? openRecords(name)
      : storedRecords(storage, createLock(`${name} record`, timeoutMs))
  const tabs = joinTabs(name, hear)
  const backoff = createBackoff()
  const standing = createStanding(changed)
  /** Whether the server was asked since this page was loaded. The cookie may be newer than what other tabs have. */
  let isChecked = storage !== undefined
  let underWay: Promise<Renewal> | undefined
  let takingOver: Promise<void> | undefined

  function update(change: (now: SessionRecord) => SessionRecord): Promise<SessionRecord> {
    return updateRecord((now) => change(standing.newer(now)))
  }

  function hear(message: Message): void {
    if (message.kind === 'token') {
      standing.take(hold(message, message.leftMs), 'elsewhere')
      isChecked ||= message.isNew
    } else if (message.kind === 'out') standing.leave(message.epoch, message.by)
    else if (standing.held?.isDue() === false) tellToken(standing.held, false)
  }

  function tellToken({ credentials, lifetimeMs, epoch, turn, leftMs }: Held, isNew: boolean): void {
    tabs.tell({ kind: 'token', credentials, lifetimeMs, epoch, turn, leftMs: leftMs(), isNew })
  }

  /**
   * Keeps a token that the server has just given, if nobody signed in or out since it was asked for.
   *
   * @param by who caused the change, if it is one. Default: a refresh
   */
  async function keep(
    grant: Grant,
    since: number,
    ago: () => number,
    by: ClientChange['by'] = standing.state === 'signed_in' ? 'elsewhere' : 'here',
  ): Promise<boolean> {
    const sid = sidIn(grant)
    let kept: SessionRecord | undefined
    await update((now) => {
      if (now.epoch !== since) return now
      // Somebody signed in without the client, such as by a redirect.
      const isOther = now.isOut || (now.sid ?? sid) !== sid
      kept = {
        ...{ epoch: isOther ? since + 1 : since, turn: now.turn + 1, isOut: false, sid, key: undefined },
        refreshToken: storage && (grant.refreshToken ?? now.refreshToken),
      }
      return kept
    })
    if (kept === undefined) return false
    isChecked = true
    const token = hold({ ...kept, ...grant }, grant.lifetimeMs, ago())
    standing.take(token, by)
    if (standing.held === token) tellToken(token, true)
    return true
  }

  async function end(by: 'here' | 'ended', since?: number): Promise<void> {
    const { epoch, isOut } = await update(begun(true, since))
    if (!isOut) return
    tabs.tell({ kind: 'out', epoch, by: by === 'here' ? 'elsewhere' : by })
    standing.leave(epoch, standing.state === 'unknown' ? 'here' : by)
  }

  function renewed(refused?: string): Promise<Renewal> {
    underWay ??= alone(() => exchange(refused)).finally(() => {
      underWay = undefined
    })
    return underWay
  }

  async function exchange(refused: string | undefined): Promise<Renewal> {
    if (standing.state === 'unknown') await tabs.ask()
    const { held } = standing
    if (isChecked && held?.isDue() === false && held.credentials !== refused) return held.credentials
    backoff.check()
    const record = await update((now) => (now.key === undefined ? { ...now, key: newKey() } : now))
    const { epoch: since, key = '', refreshToken } = record
    // A page that has just been loaded asks the server all the same: somebody may have come back from another site.
    const isOut = record.isOut && standing.state !== 'unknown'
    if (isOut || (storage !== undefined && refreshToken === undefined)) {
      standing.leave(since, isOut ? 'elsewhere' : 'here')
      return undefined
    }
    const ago = stopwatch()
    const answer = await parts.refresh(key, refreshToken)
    const grant = await explained(grantIn(answer), 'the server cannot be reached')
    if (grant !== undefined) {
      backoff.served()
      await keep(grant, since, ago)
      return standing.held?.credentials
    }
    // The key stays: it may be that of a refresh whose answer was lost, and which was not repeated now.
    if (!(await isOver(answer))) throw backoff.refused(answer)
    const refusal = refusalOf(answer)
    if (typeof refusal === 'object') return refusal
    await end('ended', since)
    await forget()
    return standing.held?.credentials
  }

  /** Held alone, so that no sign-in is under way whose key it would be. */
  async function forget(): Promise<void> {
    if ((await update(asIs)).isOut) await parts.forget()
  }

  async function renewedOrStepped(refused?: string): Promise<string | undefined> {
    const renewal = await renewed(refused)
    if (typeof renewal !== 'object') return renewal
    if (await stepUp(renewal)) return standing.held?.credentials
    throw new ClientError('the user has to authenticate again', { status: 401 })
  }

  /** The token that came with the page is no newer than those of other tabs. */
  async function takeOver(): Promise<void> {
    const grant = grantOf(handedOver)
    if (grant === undefined) return
    const record = await update(asIs)
    const token = hold({ ...record, ...grant }, grant.lifetimeMs, pageAgeMs())
    if (record.isOut || token.isExpired() || (record.sid ?? token.sid) !== token.sid) return
    isChecked = true
    standing.take(token, 'here')
  }

  async function credentials(): Promise<string | undefined> {
    if (standing.state === 'unknown') {
      // If it fails, the server is asked.
      takingOver ??= takeOver().catch(() => {})
      await takingOver
    }
    if (standing.state === 'signed_out') return undefined
    const { held } = standing
    if (!isChecked || held === undefined || held.isExpired()) return renewedOrStepped()
    // Whether that fails is seen when the token is over.
    if (held.isDue()) renewed().catch(() => {})
    return held.credentials
  }

  async function accept(answer: Response): Promise<boolean> {
    const ago = stopwatch()
    const grant = await grantIn(answer)
    return grant !== undefined && keep(grant, (await update(begun(false))).epoch, ago, 'here')
  }

  return {
    get state() {
      return standing.state
    },
    ...{ credentials, accept, renew: renewedOrStepped, rest: tabs.rest },
    async signIn(send) {
      // The user of a step-up may take longer than the token lives. Where nobody is signed in, none is needed.
      if (standing.held?.isExpired()) await renewed().catch(() => {})
      return alone(async () => {
        const { held } = standing
        const answer = await send(held?.isExpired() === false ? held.credentials : undefined)
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
      const record = await update(asIs)
      if (standing.state === 'unknown') return
      isChecked = storage !== undefined
      if (record.epoch > standing.epoch) {
        if (record.isOut) return standing.leave(record.epoch, 'elsewhere')
        standing.forget(record.epoch)
      }
      await credentials()
    },
  }
}
