#!/usr/bin/env node
import { run } from './run.ts'
import { codeOf, exitCodes } from './surroundings.ts'

// Notices are part of what a command says, and Node.js would print them in a form of its own.
process.removeAllListeners('warning')
// Whoever reads no further, such as `head`, has what they wanted. The work goes on to its end all the same, since what it
// changes has to be told, and the process ends with its code.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
const code = await run(process.argv.slice(2), process)
// What the options have opened, such as a client of Redis, is theirs, and would hold up the end.
process.stdout.write('', () => {
  const fault = codeOf(process.stdout.errored)
  const isLost = fault !== undefined && fault !== 'EPIPE'
  if (isLost) process.stderr.write(`sallyport: the output can't be written: ${String(fault)}\n`)
  process.exit(isLost && code === exitCodes.whole ? exitCodes.unusable : code)
})
