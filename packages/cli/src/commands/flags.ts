import type { Command } from 'commander'
import type { DeploymentFlags } from '../deployment/open.ts'

export interface LookFlags extends DeploymentFlags {
  readonly json?: true
}

export interface ChangeFlags extends LookFlags {
  readonly yes?: true
}

/** What every command takes that works on a deployment. */
export function withConfig(command: Command): Command {
  return command
    .option(
      '--config <file>',
      'the options of your application; default: SALLYPORT_CONFIG, sallyport.config.js, the environment',
    )
    .option('--json', 'print JSON')
}

export function withYes(command: Command): Command {
  return withConfig(command).option('-y, --yes', 'do not ask; needed in scripts')
}

/**
 * The codes of all commands that work on a deployment, for the end of their help.
 *
 * @param done what 0 means
 * @param notDone what 1 means; left out if the command never ends with it
 */
export function exitCodesHelp(done: string, notDone?: string): string {
  const codes: readonly (readonly [string, string])[] = [
    ['0', done],
    ...(notDone === undefined ? [] : [['1', notDone] as const]),
    ['2', 'wrong use or wrong options'],
    ['3', 'the store does not answer'],
    ['130', 'interrupted'],
  ]
  return `\nExit codes:\n${codes.map(([code, meaning]) => `  ${code.padEnd(5)}${meaning}`).join('\n')}`
}
