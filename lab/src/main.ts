import { parseArgs } from 'node:util'
import { attacks } from './attacks/index.ts'
import { servePage } from './page/serve.ts'
import { play } from './play/play.ts'
import { coloured, plain, story, table } from './terminal.ts'

const USAGE = `npm run lab                        plays all attacks, and shows how they end
npm run lab -- --attack <name>     plays one, and shows its steps
npm run lab -- --json              the same as JSON, also with --attack
npm run lab -- --serve             a page on loopback that plays them; --port <port> chooses the port

Attacks: ${attacks.map(({ name }) => name).join(', ')}`
const EX_USAGE = 64

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      attack: { type: 'string' },
      json: { type: 'boolean', default: false },
      serve: { type: 'boolean', default: false },
      port: { type: 'string', default: '0' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { attack: name, json, serve, port, help } = values
  if (help) return console.log(USAGE)
  if (serve) return showPage(port)

  const chosen = attacks.filter((attack) => name === undefined || attack.name === name)
  if (chosen.length === 0) return refuse(`unknown attack "${name}"`)
  const reports = await Promise.all(chosen.map(play))
  const paint = process.stdout.isTTY && process.env.NO_COLOR === undefined ? coloured : plain
  const [first] = reports
  if (json) console.log(JSON.stringify(reports, null, 2))
  else if (name !== undefined && first !== undefined) console.log(story(first, paint))
  else {
    console.log(table(reports, paint))
    console.log('\nThe steps of one: npm run lab -- --attack <name>. As a page: npm run lab -- --serve')
  }
}

async function showPage(port: string): Promise<void> {
  const number = Number(port)
  if (!(/^\d+$/.test(port) && number < 65_536)) return refuse(`"${port}" is no port`)
  const { url, close } = await servePage(number)
  console.log(`the lab is on ${url}; Ctrl+C ends it`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close())
}

function refuse(what: string): void {
  console.error(`${what}\n\n${USAGE}`)
  process.exitCode = EX_USAGE
}

await main().catch((cause: unknown) => {
  if (!(cause instanceof TypeError && 'code' in cause && `${cause.code}`.startsWith('ERR_PARSE_ARGS')))
    throw cause
  refuse(cause.message)
})
