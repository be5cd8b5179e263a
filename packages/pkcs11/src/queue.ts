import { ConfigError } from '@sallyport/core/signer'
import type { Handle } from './binding.ts'
import { type Connection, connect } from './connection.ts'
import { failure, Pkcs11Error, returnedBy } from './errors.ts'
import type { Library } from './library.ts'
import { algorithms, signatureBytes } from './mechanisms.ts'
import type { SignerSettings } from './options.ts'
import { closeSessions, PinRefused } from './token.ts'

/** Signatures, each made in the next session that is free. */
export interface SigningQueue {
  /** Rejects with a `Pkcs11Error` when the time is up, the queue is full or closed, or the HSM fails. */
  sign(data: Buffer): Promise<Uint8Array>
  /** Lets go of the HSM as soon as the signatures that are being made are done. */
  close(): void
}

/** A signature that somebody waits for. */
interface Job {
  readonly data: Buffer
  /** It may be tried a second time, over a new connection. */
  mayRetry: boolean
  resolve(signature: Uint8Array): void
  reject(error: unknown): void
}

const MAX_WAITING = 1024
const RENEW_EVERY_MS = 1000

/** What says that not the signature but the connection is at fault. */
const LOST: ReadonlySet<string | undefined> = new Set([
  ...['CKR_SESSION_HANDLE_INVALID', 'CKR_SESSION_CLOSED', 'CKR_USER_NOT_LOGGED_IN', 'CKR_OPERATION_ACTIVE'],
  ...['CKR_KEY_HANDLE_INVALID', 'CKR_OBJECT_HANDLE_INVALID', 'CKR_CRYPTOKI_NOT_INITIALIZED'],
  ...['CKR_DEVICE_REMOVED', 'CKR_DEVICE_ERROR', 'CKR_TOKEN_NOT_PRESENT'],
])

/** @param first the connection to begin with; when it is lost, another to the same key takes its place */
export function createQueue(library: Library, settings: SignerSettings, first: Connection): SigningQueue {
  const { publicKey } = first.key.open
  const { signing } = algorithms[settings.algorithm]
  const bytes = signatureBytes(publicKey)
  const waiting = new Set<Job>()
  const idle: Handle[] = [...first.sessions]
  let connection: Connection | undefined = first
  let busy = 0
  let renewing = false
  let renewAt = Number.NEGATIVE_INFINITY
  let closed = false

  function pump(): void {
    if (connection === undefined) {
      renew()
      return
    }
    for (const job of waiting) {
      const session = idle.pop()
      if (session === undefined) return
      waiting.delete(job)
      void make(job, connection, session)
    }
  }

  async function make(job: Job, own: Connection, session: Handle): Promise<void> {
    busy++
    let lost = false
    try {
      own.cryptoki.C_SignInit(session, signing, own.key.handle)
      // Another thread reads `data`, and the binding does not keep it from being collected: the job does.
      job.resolve(await own.cryptoki.C_SignAsync(session, job.data, Buffer.alloc(bytes)))
    } catch (cause) {
      lost = LOST.has(returnedBy(cause))
      if (lost) lose(own)
      if (lost && job.mayRetry && !closed) {
        job.mayRetry = false
        waiting.add(job)
      } else job.reject(failure(cause))
    }
    busy--
    if (own === connection) idle.push(session)
    else if (!lost) closeSessions(own.cryptoki, [session])
    pump()
    release()
  }

  function lose(own: Connection): void {
    if (own !== connection) return
    connection = undefined
    closeSessions(own.cryptoki, idle.splice(0))
  }

  /** Connects again if somebody waits for it; at most once a second, since a log-in holds up the process. */
  function renew(): void {
    if (renewing || closed || waiting.size === 0) return
    if (performance.now() < renewAt) {
      rejectAll(new Pkcs11Error('failed', 'the HSM is out of reach'))
      return
    }
    renewing = true
    connect(library, settings)
      .then(adopt)
      .catch(giveUp)
      .finally(() => {
        renewing = false
        renewAt = Math.max(renewAt, performance.now() + RENEW_EVERY_MS)
        pump()
        release()
      })
  }

  function adopt(next: Connection): void {
    const isSame = next.key.open.publicKey.equals(publicKey)
    if (isSame && !closed) {
      connection = next
      idle.push(...next.sessions)
      return
    }
    closeSessions(next.cryptoki, next.sessions)
    if (!isSame) throw new ConfigError('pkcs11.key', 'the name of the same key as at start')
  }

  function giveUp(cause: unknown): void {
    // Asked again with a PIN that is wrong by now, the token would lock it.
    if (cause instanceof PinRefused) renewAt = Number.POSITIVE_INFINITY
    const isOurs = cause instanceof ConfigError
    rejectAll(isOurs ? new Pkcs11Error('failed', `the HSM changed: ${cause.message}`) : failure(cause))
  }

  function rejectAll(error: unknown): void {
    for (const job of waiting) job.reject(error)
    waiting.clear()
  }

  function release(): void {
    if (closed && busy === 0 && !renewing) library.release()
  }

  return {
    sign(data) {
      if (closed) return Promise.reject(new Pkcs11Error('closed', 'the signer was closed'))
      if (waiting.size >= MAX_WAITING)
        return Promise.reject(new Pkcs11Error('busy', `${MAX_WAITING} signatures are waited for already`))
      return new Promise((resolve, reject) => {
        const { timeoutMs } = settings
        const timer = setTimeout(() => {
          job.mayRetry = false
          waiting.delete(job)
          reject(new Pkcs11Error('timeout', `the HSM made no signature within ${timeoutMs} ms`))
        }, timeoutMs)
        timer.unref()
        const job: Job = {
          data,
          mayRetry: true,
          resolve(signature) {
            clearTimeout(timer)
            resolve(signature)
          },
          reject(error) {
            clearTimeout(timer)
            reject(error)
          },
        }
        waiting.add(job)
        pump()
      })
    },
    close() {
      if (closed) return
      closed = true
      if (connection !== undefined) lose(connection)
      rejectAll(new Pkcs11Error('closed', 'the signer was closed'))
      release()
    },
  }
}
