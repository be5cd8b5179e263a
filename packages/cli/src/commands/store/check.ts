import type { SallyportOptions } from '@sallyport/core'
import { Command } from 'commander'
import { collectNotices, demand, endBy, loadCore, unwatched } from '../../deployment/open.ts'
import { readOptions } from '../../deployment/options.ts'
import {
  codeOf,
  type End,
  type ExitCode,
  exitCodes,
  messageOf,
  type Surroundings,
} from '../../surroundings.ts'
import { jsonText, safe } from '../../terminal/safe.ts'
import { exitCodesHelp, type LookFlags, withConfig } from '../flags.ts'

interface Report {
  readonly store: string
  /** Whether it answers and accepts changes, the clocks agree, and there is a key to sign with. */
  readonly ready: boolean
  /** Why production would refuse to start with it. */
  readonly fault: string | null
  readonly warnings: readonly string[]
}

export function checkCommand(surroundings: Surroundings, end: End): Command {
  return withConfig(new Command('check'))
    .description('Connects to the store as a server does: does it answer, with which rights and settings?')
    .addHelpText(
      'after',
      `
Goes by the rules of production, whatever NODE_ENV is. Looks at the connection, the rights of the user (every
command that the library sends), the version, the settings that endanger sessions, and the clock. As a server
does, it makes the first key in an empty store, and tables if your options say so.
${exitCodesHelp('it is fit for production; warnings may be left', 'production would refuse it')}`,
    )
    .action(async (flags: LookFlags) => end(await check(surroundings, flags)))
}

async function check(surroundings: Surroundings, flags: LookFlags): Promise<ExitCode> {
  try {
    const options = await readOptions(surroundings, flags.config)
    demand(options, 'store')
    return tell(surroundings, flags, await look(surroundings, options))
  } catch (cause) {
    return endBy(surroundings, cause)
  }
}

async function look(surroundings: Surroundings, options: SallyportOptions): Promise<Report> {
  const store = options.store?.name ?? 'memory'
  const notices = collectNotices(surroundings)
  try {
    const { createSallyport } = await loadCore()
    const sallyport = await createSallyport({ ...unwatched(options), production: true })
    const ready = await sallyport.ready()
    await sallyport.close()
    return { store, ready, fault: null, warnings: await notices.all() }
  } catch (cause) {
    if (!isFaultOf(store, cause)) throw cause
    return { store, ready: false, fault: messageOf(cause), warnings: await notices.all() }
  } finally {
    notices.close()
  }
}

/** Whether the store itself was refused, and not another option. */
function isFaultOf(store: string, cause: unknown): boolean {
  if (codeOf(cause) !== 'ERR_CONFIG' || !(cause instanceof Error) || !('option' in cause)) return false
  return String(cause.option).split('.')[0] === store
}

function tell({ stdout }: Surroundings, { json }: LookFlags, report: Report): ExitCode {
  stdout.write(json ? jsonText(report, 2) : describe(report))
  if (report.fault !== null) return exitCodes.broken
  return report.ready ? exitCodes.whole : exitCodes.away
}

function describe({ store, ready, fault, warnings }: Report): string {
  const lines = warnings.map((warning) => `warning  ${safe(warning)}\n`)
  if (fault !== null) return `${lines.join('')}FAULT    ${safe(fault)}\n\nProduction refuses this ${store}.\n`
  const said = ready
    ? `The ${store} store answers, allows what is needed, and is fit for production.`
    : `THE STORE IS NOT READY: ${store} does not answer, or refuses changes, or the clocks disagree.`
  return `${lines.join('')}${lines.length > 0 ? '\n' : ''}${said}\n`
}
