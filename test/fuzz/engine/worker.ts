// A process that fuzzes one target, and tells its parent how it goes on: see scripts/fuzz.mjs.

import { createHash } from 'node:crypto'
import { openSync, writeSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Target } from '../target.ts'
import { listen } from './coverage.ts'
import { fuzz } from './fuzz.ts'
import { createDice } from './random.ts'
import { shorten } from './shorten.ts'

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: '' },
    seconds: { type: 'string', default: '10' },
    executions: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string', default: '' },
    planted: { type: 'boolean', default: false },
    blind: { type: 'boolean', default: false },
  },
})
/** How often the parent hears of this process, at most. */
const TELL_MS = 500
const MOST_FINDINGS = 20
const LENGTH_BYTES = 4
const DEFAULT_MAX_BYTES = 4096

const coverage = listen()
// Nothing else of ours is loaded, which would only cost time.
const exported: Readonly<Record<string, Target>> = await import(
  `../${values.planted ? 'planted' : 'targets'}/${values.target}.ts`
)
const [target] = Object.values(exported)
if (target === undefined) throw new RangeError(`there is no target in ${values.target}.ts`)

const folder = join(values.folder, target.name)
const [corpusFolder, foundFolder] = [join(folder, 'corpus'), join(folder, 'found')]
for (const one of [corpusFolder, foundFolder]) await mkdir(one, { recursive: true })
const current = openSync(join(folder, 'current'), 'w')

const opened = await target.open()
const most = Number(values.executions) || Number.POSITIVE_INFINITY
const end = performance.now() + Number(values.seconds) * 1000
const known = new Set<string>()
let input: Buffer = Buffer.alloc(0)
let executions = 0
let kept = 0
let toldAt = 0

const nameOf = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex')
const tell = (): void => void process.send?.({ kind: 'figures', executions, kept, ...coverage.figures() })

/** What tells one fault from another: its words without numbers, and where it was thrown. */
function kindOf(fault: unknown): string {
  if (!(fault instanceof Error)) return String(fault)
  const [, at = ''] = /\n +at (.*?)(?::\d+)*\)?(?=\n|$)/.exec(fault.stack ?? '') ?? []
  return `${fault.name}: ${fault.message.slice(0, 40).replace(/\d+/g, '0')} ${at}`
}

async function find(found: Buffer, fault: unknown): Promise<void> {
  const kind = kindOf(fault)
  if (known.has(kind) || known.size === MOST_FINDINGS) return
  known.add(kind)
  const shown = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)
  const path = join(foundFolder, nameOf(found))
  await writeFile(path, found)
  process.send?.({ kind: 'finding', path, shown })
}

for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (fault: unknown) => void find(input, fault))

const earlier = await Promise.all(
  (await readdir(corpusFolder)).sort().map((name) => readFile(join(corpusFolder, name))),
)
await fuzz(opened, {
  ...{ coverage, earlier, dice: createDice(Number(values.seed)), blind: values.blind },
  ...{ words: target.words ?? [], maxBytes: target.maxBytes ?? DEFAULT_MAX_BYTES },
  trying(next) {
    input = next
    executions++
    // Should the process hang or die, its parent reads here by what.
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32LE(next.length)
    writeSync(current, Buffer.concat([length, next]), 0, LENGTH_BYTES + next.length, 0)
  },
  async keeping(one) {
    kept++
    await writeFile(join(corpusFolder, nameOf(one)), one)
  },
  finding: async ({ input: found, fault }) => find(await shorten(found, fault, opened.run, kindOf), fault),
  async goesOn() {
    if (performance.now() - toldAt > TELL_MS) {
      toldAt = performance.now()
      tell()
      await turn()
    }
    return performance.now() < end && executions < most
  },
})
tell()
await opened.close?.()
process.exit()
