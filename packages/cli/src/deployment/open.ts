import type { Sallyport, SallyportOptions } from '@sallyport/core'
import {
  codeOf,
  type ExitCode,
  exitCodes,
  InterruptedError,
  messageOf,
  type Surroundings,
  UsageError,
  unusable,
} from '../surroundings.ts'
import { safe } from '../terminal/safe.ts'
import { readOptions } from './options.ts'
import { onlyVerifies } from './verifying.ts'

/** What a command does: only look, or change something. Whatever changes is told to the audit trail and its watchers. */
export type Use = 'look' | 'change'

/** What a command needs: the store that all processes share, or just the keys, which the options may have. */
export type Need = 'store' | 'keys'

export interface Deployment {
  readonly sallyport: Sallyport
  readonly options: SallyportOptions
}

export interface DeploymentFlags {
  readonly config?: string
}

/**
 * Does some work as one more process of the deployment, and ends that process again. Tells whatever goes wrong, and what
 * it ends with. Never rejects.
 */
export async function withDeployment(
  surroundings: Surroundings,
  { config }: DeploymentFlags,
  { use, need = 'store' }: { readonly use: Use; readonly need?: Need },
  work: (deployment: Deployment) => Promise<ExitCode>,
): Promise<ExitCode> {
  const notices = collectNotices(surroundings)
  let opening = 0
  let code: ExitCode = exitCodes.unusable
  try {
    const options = await readOptions(surroundings, config)
    demand(options, need)
    const { createSallyport } = await loadCore()
    const sallyport = await createSallyport(use === 'look' ? unwatched(options) : options)
    opening = (await notices.all()).length
    try {
      code = await work({ sallyport, options })
    } finally {
      await sallyport.close()
    }
  } catch (cause) {
    code = endBy(surroundings, cause)
  }
  const all = await notices.all()
  notices.close()
  // What is said at every start matters only if the work could not be done.
  const isDone = code === exitCodes.whole || code === exitCodes.broken
  for (const notice of isDone ? all.slice(opening) : all) surroundings.stderr.write(`note: ${safe(notice)}\n`)
  return code
}

/** It takes most of the time in which a command starts, and help and completion need none of it. */
export function loadCore(): Promise<typeof import('@sallyport/core')> {
  return import('@sallyport/core')
}

/** Tells what went wrong, and gives the code to end with. */
export function endBy(surroundings: Surroundings, cause: unknown): ExitCode {
  if (cause instanceof InterruptedError) return exitCodes.interrupted
  if (codeOf(cause) === 'ERR_UNAVAILABLE') {
    surroundings.stderr.write(`sallyport: ${messageOf(cause)}\n`)
    return exitCodes.away
  }
  return unusable(surroundings, safe(messageOf(cause)))
}

export interface Notices {
  all(): Promise<readonly string[]>
  close(): void
}

/** Collects what the library tells operators. */
export function collectNotices(surroundings: Surroundings): Notices {
  const messages: string[] = []
  const listener = (warning: Error): void => {
    if (warning.name === 'SallyportNotice') messages.push(warning.message)
  }
  surroundings.on?.('warning', listener)
  return {
    async all() {
      // Warnings come a tick later than what they are about.
      await new Promise((resolve) => setImmediate(resolve))
      return [...messages]
    },
    close: () => void surroundings.off?.('warning', listener),
  }
}

/** Without what writes down and judges events, since a look is none. */
export function unwatched(options: SallyportOptions): SallyportOptions {
  return { ...options, audit: undefined, anomalies: undefined }
}

/** Refuses what would seem to work, and would concern a deployment that exists only in this process. */
export function demand(options: SallyportOptions, need: Need): void {
  const { store, secret, access } = options
  const hasKeys = access?.keys !== undefined || access?.signers !== undefined
  if (need === 'keys' && hasKeys) return
  if (store?.shared !== true)
    throw new UsageError(
      'the sessions and keys of this deployment are in the memory of its server, where no other process can see them: set the option "store", or REDIS_URL or DATABASE_URL',
    )
  if (secret === undefined && !onlyVerifies(options))
    throw new UsageError('the options have no "secret", without which nothing in the store can be read')
}
