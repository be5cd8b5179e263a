// A day of honest people and attackers, on real processes over a real Redis: writes docs/attack-day.md.
//
//   node bench/dist/day/main.js                          about ten minutes
//   node bench/dist/day/main.js --sessions 300 --repetitions 1 --out day.md

import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { attackTable, honestTable, nameOf, pageOf, ruleTable } from './page.ts'
import { type Conditions, faultsOf, runDay } from './run.ts'
import { verdictsOn } from './verdict.ts'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '10000' },
    repetitions: { type: 'string', default: '10' },
    /** Only the day with attackers. */
    attacked: { type: 'boolean', default: false },
    out: { type: 'string', default: fileURLToPath(new URL('../../../docs/attack-day.md', import.meta.url)) },
  },
})
const sessions = Number(values.sessions)
const attacked: Conditions = { sessions, keyed: true, repetitions: Number(values.repetitions) }
const honest = [true, false].map((keyed) => ({ sessions, keyed, repetitions: 0 }))
const conditions = values.attacked ? [attacked] : [...honest, attacked]

const started = performance.now()
const days = await Promise.all(
  conditions.map((one) =>
    runDay(one, (line) => {
      const seconds = Math.round((performance.now() - started) / 1000)
      process.stderr.write(`${String(seconds).padStart(5)} s  ${nameOf(one)}: ${line}\n`)
    }),
  ),
)
await writeFile(values.out, pageOf(days))

console.log(honestTable(days))
console.log(ruleTable(days))
console.log(attackTable(days.flatMap(({ played }) => verdictsOn(played))))
const faults = days.flatMap(faultsOf)
for (const fault of faults) console.error(fault)
process.exitCode = faults.length === 0 ? 0 : 1
