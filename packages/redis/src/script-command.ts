import { Command } from 'ioredis'
import type { Argument } from './scripts.ts'

/**
 * The command of a script. It is sent as the bytes that ioredis would make of it, but they are put together from few
 * parts: ioredis copies each argument, its length and its end one by one, which takes twice as long.
 */
export class ScriptCommand extends Command {
  constructor(name: string, args: Argument[]) {
    super(name, args, { replyEncoding: null })
  }

  override toWritable(): Buffer {
    const parts: (string | Buffer)[] = []
    let text = `*${this.args.length + 1}\r\n${framed(this.name)}`
    for (const arg of this.args) {
      if (!Buffer.isBuffer(arg)) {
        text += framed(String(arg))
        continue
      }
      parts.push(`${text}$${arg.length}\r\n`, arg)
      text = '\r\n'
    }
    parts.push(text)
    return joined(parts)
  }
}

/** A bulk string of the protocol of Redis. */
function framed(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
}

function joined(parts: readonly (string | Buffer)[]): Buffer {
  const bytes = Buffer.allocUnsafe(parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0))
  let at = 0
  for (const part of parts) at += typeof part === 'string' ? bytes.write(part, at) : part.copy(bytes, at)
  return bytes
}
