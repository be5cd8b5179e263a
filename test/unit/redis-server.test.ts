import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startRedis } from '../support/redis.ts'

async function send(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`${command}\r\n`)
  const [reply] = await once(socket, 'data')
  socket.destroy()
  return String(reply)
}

test('a real Redis starts, answers, comes back empty and stops', async () => {
  const redis = await startRedis()
  try {
    expect(await send(redis.port, 'PING')).toBe('+PONG\r\n')
    expect(await send(redis.port, 'SET key value')).toBe('+OK\r\n')
    await redis.restartEmpty()
    expect(await send(redis.port, 'DBSIZE')).toBe(':0\r\n')
  } finally {
    await redis.stop()
  }
  await expect(send(redis.port, 'PING')).rejects.toThrow('ECONNREFUSED')
})
