// A process that plays an input that was found: the name of its folder is that of the target, or the folder above it.

import { readFile } from 'node:fs/promises'
import { targets } from '../targets/index.ts'

const [file = ''] = process.argv.slice(2)
const target = targets.find(({ name }) => file.split(/[\\/]/).slice(0, -1).includes(name))
if (target === undefined) throw new RangeError(`no folder of "${file}" has the name of a target`)

const input = await readFile(file)
const opened = await target.open()
try {
  await opened.run(input)
  console.log(`${target.name} takes it:\n${input}`)
} catch (fault) {
  console.error(`${target.name} does not take it:\n${input}\n`, fault)
  process.exitCode = 1
}
await opened.close?.()
process.exit()
