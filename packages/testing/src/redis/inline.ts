import { connect } from 'node:net'

const TIMEOUT_MS = 1000

/** Sends commands over a connection of its own, and gives the reply once it is complete; '' if there is none. */
export function commanded(
  port: number,
  commands: string,
  isComplete: (text: string) => boolean,
): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1')
    const finish = (): void => {
      socket.destroy()
      resolve(text)
    }
    socket.setTimeout(TIMEOUT_MS, finish)
    socket.once('error', finish)
    socket.once('end', finish)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (isComplete(text)) finish()
    })
    socket.write(`${commands}\r\n`)
  })
}
