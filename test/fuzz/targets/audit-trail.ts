import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readHeads, readTrail, verifyTrail } from '@sallyport/audit'
import { deriveKeys } from '../../../packages/audit/src/chain/keys.ts'
import { makeHead } from '../../../packages/audit/src/chain/marks.ts'
import { createRecordMac, elementOf, START } from '../../../packages/audit/src/chain/record.ts'
import { namesOf } from '../../../packages/audit/src/file/names.ts'
import { jsonText, safe } from '../../../packages/cli/src/terminal/safe.ts'
import { must } from '../parts/must.ts'
import type { Target } from '../target.ts'

const KEY = Buffer.alloc(32, 1)
const PROCESS = '20260101T000000-000000000000'
const EVENTS = ['session.started', 'session.ended', 'token.refused']
const HEAD_BREAK = '\0\0'

/** A trail, and behind two zero bytes its head, which somebody has changed. */
export const auditTrail: Target = {
  name: 'audit-trail',
  words: [
    '"chain":"',
    '"time":"',
    '"event":"',
    PROCESS,
    '.1.',
    '"}',
    '}\n',
    '"number":',
    '"sealed":true',
    HEAD_BREAK,
  ],
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-fuzz-'))
    const names = namesOf(join(folder, 'audit.jsonl'))
    const { trail, head } = written()
    const genuine = trail.trim().split('\n')
    return {
      seeds: [trail + HEAD_BREAK + head, trail, `${trail}${trail}${HEAD_BREAK}${head}`],
      async run(input) {
        const at = input.indexOf(HEAD_BREAK)
        const lines = at < 0 ? input : input.subarray(0, at)
        await writeFile(names.segment(PROCESS, 1), lines)
        await writeFile(names.head(PROCESS), at < 0 ? head : input.subarray(at + HEAD_BREAK.length))
        const verdict = await verifyTrail({ path: names.path, key: KEY.toString('base64') })
        if (verdict.kind === 'whole') {
          const text = lines.toString('latin1')
          const there = genuine.filter((line) => text.includes(line)).length
          must(verdict.records <= there, 'a record that nobody wrote is verified')
          if (at < 0) must(there === genuine.length, 'a trail is whole though a record is missing')
        }
        const shown = jsonText(verdict) + safe(lines.toString())
        must(!/[^\P{C}\n]/u.test(shown), 'what is printed has control characters')
        await readHeads(names.path)
        for await (const { time, event } of readTrail(names.path).read())
          must(
            typeof time === 'string' && typeof event === 'string',
            'an event without a time or a name is read',
          )
      },
      close: () => rm(folder, { recursive: true, force: true }),
    }
  },
}

/** A trail of one process, and its sealed head. */
function written(): { readonly trail: string; readonly head: string } {
  const keys = deriveKeys(KEY)
  const macOf = createRecordMac(keys.record)
  let chain = START
  let trail = ''
  const time = '2026-01-01T00:00:00.000Z'
  for (const [at, event] of EVENTS.entries()) {
    const [before, after] = [`{"time":"${time}","event":"${event}","outcome":"success","chain":"`, '"}']
    const name = { processId: PROCESS, number: at + 1 }
    chain = macOf(chain, name, { before: Buffer.from(before), after: Buffer.from(after) })
    trail += `${before}${elementOf(name, chain)}${after}\n`
  }
  const mark = { processId: PROCESS, number: EVENTS.length, chain, time, sealed: true }
  return { trail, head: JSON.stringify(makeHead(keys.head, mark)) }
}
