import { ConfigError, patiently } from '@sallyport/core/signer'
import type { Handle } from './binding.ts'
import { type Connection, connect } from './connection.ts'
import { asPkcs11Error, Pkcs11Error, returnedBy } from './errors.ts'
import type { Library } from './library.ts'
import { algorithms, signatureBytes } from './mechanisms.ts'
import type { SignerSettings } from './options.ts'
import { closeSessions, PinRefused } from './token.ts'

/** Makes signatures, each in the next free session. */
export interface SigningQueue {
  /** Rejects with a `Pkcs11Error` if the time is up, the queue is full or closed, or the HSM fails. */
  sign(data: Buffer): Promise<Uint8Array>
  /** Rejects all waiting signatures. Releases the HSM once those in progress are done. */
  close(): void
}

/** A signature that somebody waits for. */
interface Job {
  readonly data: Buffer
  /** Whether it may be tried once more, over a new connection. */
  mayRetry: boolean
  resolve(signature: Uint8Array): void
  reject(error: unknown): void
}

const MAX_WAITING = 1024
const RENEW_EVERY_MS = 1000

/** Return values that mean that the connection is lost, not that the signature failed. */
const LOST: ReadonlySet<string | undefined> = new Set([
  ...['CKR_SESSION_HANDLE_INVALID', 'CKR_SESSION_CLOSED', 'CKR_USER_NOT_LOGGED_IN', 'CKR_OPERATION_ACTIVE'],
  ...['CKR_KEY_HANDLE_INVALID', 'CKR_OBJECT_HANDLE_INVALID', 'CKR_CRYPTOKI_NOT_INITIALIZED'],
  ...['CKR_DEVICE_REMOVED', 'CKR_DEVICE_ERROR', 'CKR_TOKEN_NOT_PRESENT'],
])

/** @param first the connection to start with; if it is lost, a new one to the same key replaces it */
export function createQueue(library: Library, settings: SignerSettings, first: Connection): SigningQueue {
  const { publicKey } = first.key.verificationKey
  const { signing } = algorithms[settings.algorithm]
  const bytes = signatureBytes(publicKey)
  const waiting = new Set<Job>()
  const idle: Handle[] = [...first.sessions]
  let current: Connection | undefined = first
  let busy = 0
  let renewing = false
  let renewAt = Number.NEGATIVE_INFINITY
  let closed = false

  function pump(): void {
    if (current === undefined) {
      renew()
      return
    }
    for (const job of waiting) {
      const session = idle.pop()
      if (session === undefined) return
      waiting.delete(job)
      void signIn(job, current, session)
    }
  }

  async function signIn(job: Job, connection: Connection, session: Handle): Promise<void> {
    busy++
    let lost = false
    try {
      connection.cryptoki.C_SignInit(session, signing, connection.key.handle)
      // Another thread reads `data`. The binding does not protect it from garbage collection, but the job refers to it.
      job.resolve(await connection.cryptoki.C_SignAsync(session, job.data, Buffer.alloc(bytes)))
    } catch (cause) {
      lost = LOST.has(returnedBy(cause))
      if (lost) drop(connection)
      if (lost && job.mayRetry && !closed) {
        job.mayRetry = false
        waiting.add(job)
      } else job.reject(asPkcs11Error(cause))
    }
    busy--
    if (connection === current) idle.push(session)
    else if (!lost) closeSessions(connection.cryptoki, [session])
    pump()
    release()
  }

  function drop(connection: Connection): void {
    if (connection !== current) return
    current = undefined
    closeSessions(connection.cryptoki, idle.splice(0))
  }

  /** Connects again if a signature waits for it. At most once a second, since a log-in holds up the process. */
  function renew(): void {
    if (renewing || closed || waiting.size === 0) return
    if (performance.now() < renewAt) {
      rejectAll(new Pkcs11Error('failed', 'the HSM cannot be reached'))
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
    const isSame = next.key.verificationKey.publicKey.equals(publicKey)
    if (isSame && !closed) {
      current = next
      idle.push(...next.sessions)
      return
    }
    closeSessions(next.cryptoki, next.sessions)
    if (!isSame) throw new ConfigError('pkcs11.key', 'the name of the same key as at start', 'another key')
  }

  function giveUp(cause: unknown): void {
    // The PIN has changed. The token would lock if the old one were tried again.
    if (cause instanceof PinRefused) renewAt = Number.POSITIVE_INFINITY
    const hasChanged = cause instanceof ConfigError
    rejectAll(
      hasChanged ? new Pkcs11Error('failed', `the HSM changed: ${cause.message}`) : asPkcs11Error(cause),
    )
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
        return Promise.reject(new Pkcs11Error('busy', `${MAX_WAITING} signatures are waiting already`))
      return new Promise((resolve, reject) => {
        const { timeoutMs } = settings
        const answered = patiently(timeoutMs, () => {
          job.mayRetry = false
          waiting.delete(job)
          reject(new Pkcs11Error('timeout', `the HSM made no signature within ${timeoutMs} ms`))
        })
        const job: Job = {
          data,
          mayRetry: true,
          resolve(signature) {
            answered()
            resolve(signature)
          },
          reject(error) {
            answered()
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
      if (current !== undefined) drop(current)
      rejectAll(new Pkcs11Error('closed', 'the signer was closed'))
      release()
    },
  }
}
