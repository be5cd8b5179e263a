#!/usr/bin/env node
import { run } from './run.ts'

// Notices are part of what a command says, and Node.js would print them in a form of its own.
process.removeAllListeners('warning')
// Whoever reads no further, such as `head`, has what they wanted.
process.stdout.on('error', () => process.exit())
process.exitCode = await run(process.argv.slice(2), process)
// What the options have opened, such as a client of Redis, is theirs, and would hold up the end.
process.stdout.write('', () => process.exit())
