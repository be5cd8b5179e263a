import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { folderOf } from '../deployment/load.ts'
import { endBy } from '../deployment/open.ts'
import { type Severity, severities } from '../doctor/catalogue.ts'
import { examine } from '../doctor/examine.ts'
import { htmlOf } from '../doctor/report/html.ts'
import { isAtLeast } from '../doctor/report/report.ts'
import { sarifOf } from '../doctor/report/sarif.ts'
import { jsonOf, textOf } from '../doctor/report/text.ts'
import { type End, type ExitCode, exitCodes, type Surroundings, UsageError } from '../surroundings.ts'
import { exitCodesHelp, type LookFlags, withConfig } from './flags.ts'

interface DoctorFlags extends LookFlags {
  readonly url?: URL
  readonly authPath?: string
  readonly protected?: string
  readonly source?: string
  readonly production?: true
  readonly failOn: Severity
  readonly timeout: number
  readonly sarif?: true
  readonly html?: string
}

/** @param end takes the code that the command ends with */
export function doctorCommand(surroundings: Surroundings, end: End): Command {
  return withConfig(new Command('doctor'))
    .description(
      'Examines the options, the store, the keys, the running server and the source for weaknesses.',
    )
    .option('--url <url>', 'also ask the running server, such as https://auth.example.com', webAddress)
    .option(
      '--auth-path <path>',
      'where its token routes are; default: that of the options, /auth',
      serverPath,
    )
    .option('--protected <path>', 'a route that needs a token, such as /api/me, to try without', serverPath)
    .option('--source <folder>', 'also look for secrets in the source tree')
    .option('--production', 'judge as production, even if options and address say that this is development')
    .addOption(
      new Option('--fail-on <severity>', 'end with 1 from this severity on')
        .choices(severities)
        .default('high'),
    )
    .option('--timeout <ms>', 'how long the server may take for an answer, 100 to 60000', milliseconds, 5000)
    .addOption(new Option('--sarif', 'print SARIF 2.1.0, for code scanning').conflicts('json'))
    .option('--html <file>', 'also write a report to read and to print')
    .addHelpText(
      'after',
      `
Judges by OWASP ASVS 5.0, the OWASP JWT cheat sheet, RFC 9700 and RFC 8725, with a map to SOC 2, ISO 27001 and
GDPR. Goes by the rules of production, except for options with "production: false" and a --url on a loopback
address: then what is fine in development is set aside. Requests to the server are those of a stranger, and
change nothing; each refused one may be an event in its audit trail. Examine only servers that are yours.
${exitCodesHelp('nothing was found from --fail-on on', 'something was found')}`,
    )
    .action(async (flags: DoctorFlags) => end(await doctor(surroundings, flags)))
}

async function doctor(surroundings: Surroundings, flags: DoctorFlags): Promise<ExitCode> {
  const folder = folderOf(surroundings)
  try {
    const report = await examine(surroundings, {
      ...{ config: flags.config, url: flags.url, authPath: flags.authPath, protectedPath: flags.protected },
      ...{ timeoutMs: flags.timeout, production: flags.production === true },
      source: flags.source === undefined ? undefined : resolve(folder, flags.source),
    })
    if (flags.html !== undefined) await writeReport(resolve(folder, flags.html), htmlOf(report))
    const print = flags.sarif ? sarifOf : flags.json ? jsonOf : textOf
    surroundings.stdout.write(print(report))
    return isAtLeast(report.findings, flags.failOn) ? exitCodes.broken : exitCodes.whole
  } catch (cause) {
    return endBy(surroundings, cause)
  }
}

async function writeReport(file: string, html: string): Promise<void> {
  try {
    // It says where a deployment is weak.
    await writeFile(file, html, { mode: 0o600 })
  } catch (cause) {
    throw new UsageError(`the report can't be written to ${file}`, { cause })
  }
}

function webAddress(given: string): URL {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new InvalidArgumentError('It must be a URL such as https://auth.example.com.')
  return url
}

function serverPath(given: string): string {
  if (!/^\/[\w./~-]*$/.test(given)) throw new InvalidArgumentError('It must be a path such as /auth.')
  return given
}

function milliseconds(given: string): number {
  const number = /^\d{1,5}$/.test(given) ? Number(given) : 0
  if (number < 100 || number > 60_000)
    throw new InvalidArgumentError('It must be a number from 100 to 60000.')
  return number
}
