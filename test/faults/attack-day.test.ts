import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('../../bench/dist/day/main.js', import.meta.url))

test('every attack of a short day is raised and answered, and no honest session has a false alarm', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-day-'))
  try {
    const out = join(folder, 'day.md')
    // It fails if an attack is not raised or answered, and tells which.
    await promisify(execFile)(process.execPath, [
      ...[program, '--attacked', '--sessions', '300', '--repetitions', '1'],
      ...['--out', out],
    ])
    const page = await readFile(out, 'utf8')
    const rows = page.split('\n').filter((line) => line.includes(' 1 of 1 '))
    expect(rows.length).toBeGreaterThanOrEqual(12)
    expect(page).not.toContain(' 0 of 1 ')
    expect(page).toMatch(/^\| attacked, .* \| 0 \| 0\.00 % \|/m)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
