import type { SerializedError } from 'vitest'
import type { Reporter, TestModule } from 'vitest/node'

/** Prints the plain closing line of the run: `N passed, N failed`, with `, N skipped` when some were. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0 }
    for (const module of modules) {
      let failed = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'failed') failed++
        else if (state === 'passed') count.passed++
        else count.skipped++
      }
      // A file that can't be loaded, or whose hook throws, fails without a failed test.
      count.failed += failed === 0 && module.state() === 'failed' ? 1 : failed
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : ''
    process.stdout.write(`${count.passed} passed, ${count.failed} failed${skipped}\n`)
  }
}
