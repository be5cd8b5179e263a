import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { faultsOf, summaryOf } from './judged/report.ts'
import { type SoakOptions, soak } from './run.ts'

/** The program `npm run soak`: ends with 1 if anything is wrong. */
export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '60' },
      /** Actions of clients in a second; some are several requests. */
      rate: { type: 'string', default: '40' },
      store: { type: 'string', default: 'redis' },
      seed: { type: 'string', default: '1' },
      report: {
        type: 'string',
        default: fileURLToPath(new URL('../../.cache/soak/report.json', import.meta.url)),
      },
    },
  })
  const { minutes, rate, seed } = values
  const soaked = await soak({
    ...{ minutes: positive('minutes', minutes), rate: positive('rate', rate), seed: positive('seed', seed) },
    store: storeOf(values.store),
    say: (line) => console.log(line),
  })
  await mkdir(dirname(values.report), { recursive: true })
  await writeFile(values.report, JSON.stringify(soaked))

  console.log(`\n${summaryOf(soaked)}\n`)
  const faults = faultsOf(soaked)
  for (const fault of faults) console.error(fault)
  console.log(
    faults.length === 0 ? 'All is well.' : `${faults.length} things are wrong: see ${values.report}`,
  )
  process.exitCode = faults.length === 0 ? 0 : 1
}

function positive(name: string, given: string): number {
  const number = Number(given)
  if (!(number > 0)) throw new RangeError(`--${name} must be a number above 0; got ${given}`)
  return number
}

function storeOf(given: string): SoakOptions['store'] {
  if (given !== 'redis' && given !== 'postgres')
    throw new RangeError(`--store must be redis or postgres; got ${given}`)
  return given
}
