import fc from 'fast-check'
import { Command } from 'ioredis'
import { expect, test } from 'vitest'
import { ScriptCommand } from '../../packages/redis/src/script-command.ts'

const argument = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
)

test('a script is sent as the bytes that ioredis makes of the same arguments', () => {
  fc.assert(
    fc.property(fc.constantFrom('evalsha', 'eval'), fc.array(argument), (name, args) => {
      const theirs = new Command(name, [...args])
      theirs.stringifyArguments()
      const ours = new ScriptCommand(name, [...args])
      ours.stringifyArguments()
      expect(ours.toWritable()).toEqual(Buffer.from(theirs.toWritable({})))
    }),
    { numRuns: 1000 },
  )
})
