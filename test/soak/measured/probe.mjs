// Loaded into a node before its program, by `node --import`: tells the soak what only the process itself knows. The
// example servers know nothing of it.

import { connect } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const RESOLUTION_MS = 10
const { SOAK_SOCKET = '' } = process.env

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

const lately = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
const ever = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
lately.enable()
ever.enable()

const socket = connect(SOAK_SOCKET)
socket.on('error', () => {}) // the soak is over
socket.write(`${process.pid}\n`)
socket.unref()
createInterface({ input: socket }).on('line', () => socket.write(`${JSON.stringify(measured())}\n`))

function measured() {
  const { rss } = process.memoryUsage()
  const delays = { lately: delaysOf(lately), ever: delaysOf(ever) }
  // The collection holds up the process, which is the soak's own doing, so no delay is noted meanwhile.
  lately.disable()
  ever.disable()
  collect()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  lately.reset()
  lately.enable()
  ever.enable()
  return { rss, heapUsed, external, arrayBuffers, delays, handles: process.getActiveResourcesInfo().length }
}

/** @param {import('node:perf_hooks').IntervalHistogram} histogram what it holds includes the time between two looks */
function delaysOf(histogram) {
  const [p50, p99, max] = [histogram.percentile(50), histogram.percentile(99), histogram.max].map(
    (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS),
  )
  return { p50, p99, max }
}
