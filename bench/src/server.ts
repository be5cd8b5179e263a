// One contender as a process of its own: prints nothing, tells its port and its figures to its parent.
//
//   node bench/dist/server.js --framework express --contender limit --setup setup.json

import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { contenders, rotators } from './contenders/catalogue.ts'
import type { Serving } from './contenders/framework.ts'
import { type Framework, frameworks, type Setup } from './setup.ts'

/** What a contender's process has used and done so far. */
export interface ServerFigures {
  readonly cpuMicros: number
  readonly requests: number
  readonly residentBytes: number
}

const { values } = parseArgs({
  options: {
    framework: { type: 'string', default: '' },
    contender: { type: 'string', default: '' },
    /** `verify` or `refresh`. */
    route: { type: 'string', default: 'verify' },
    setup: { type: 'string', default: '' },
  },
})

const framework = frameworks.find((one) => one === values.framework)
if (framework === undefined) throw new RangeError(`--framework must be one of ${frameworks.join(', ')}`)

const setup = JSON.parse(await readFile(values.setup, 'utf8')) as Setup
const server = await serve(framework)
let requests = 0
server.on('request', () => {
  requests++
})

process.on('disconnect', () => process.exit())
process.on('message', () => process.send?.(figures()))
process.send?.((server.address() as AddressInfo).port)

async function serve(framework: Framework): ReturnType<Serving['verify']> {
  const { serving } = await load(framework)
  if (values.route === 'refresh') {
    const rotator = rotators.find((one) => one.id === values.contender)
    if (rotator === undefined) throw new RangeError(`--contender: there is no rotation ${values.contender}`)
    return serving.refresh(rotator.id, setup)
  }
  const contender = contenders.find((one) => one.framework === framework && one.id === values.contender)
  if (contender === undefined) throw new RangeError(`--contender: ${framework} has no ${values.contender}`)
  return serving.verify(contender, setup)
}

/** Only the framework in question: the others would stand in its memory. */
function load(framework: Framework): Promise<{ readonly serving: Serving }> {
  switch (framework) {
    case 'express':
      return import('./contenders/express.ts')
    case 'koa':
      return import('./contenders/koa.ts')
    case 'fastify':
      return import('./contenders/fastify.ts')
  }
}

function figures(): ServerFigures {
  const { user, system } = process.cpuUsage()
  return { cpuMicros: user + system, requests, residentBytes: process.memoryUsage.rss() }
}
