import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { fine, section, spread, table } from './report.ts'
import { type Extent, frameworks, type Report, type Say } from './setup.ts'
import { difference, paired, summarize } from './stats.ts'

const run = promisify(execFile)
const PROCESSES = 15

/** How long `import()` takes in a fresh process: of a framework alone, and of the framework and ours for it. */
export async function measureStartup(extent: Extent, say: Say): Promise<Report> {
  say('start-up: time of import() in fresh processes')
  const rounds = extent.full ? PROCESSES : 3
  const cases = frameworks.flatMap((framework) => [[framework], [framework, `@sallyport/${framework}`]])
  const times = new Map<string, number[]>(cases.map((names) => [names.join(' + '), []]))
  // The first reads the files from the disk, the others from memory: it does not count.
  for (let round = 0; round <= rounds; round++)
    for (const names of cases) {
      const milliseconds = await importTime(names)
      if (round > 0) times.get(names.join(' + '))?.push(milliseconds)
    }
  const rows = frameworks.map((framework) => {
    const alone = times.get(framework) ?? []
    const ours = times.get(`${framework} + @sallyport/${framework}`) ?? []
    return [
      framework,
      spread(summarize(alone), fine),
      spread(summarize(ours), fine),
      spread(paired(ours, alone, difference), fine),
    ]
  })
  const headings = ['framework', 'alone, ms', 'with Sallyport, ms', 'added, ms']
  const about = `\`import()\` in a fresh process, ${rounds} processes each, in turn.`
  return { markdown: section('Start-up', about, table(headings, rows)), results: Object.fromEntries(times) }
}

async function importTime(names: readonly string[]): Promise<number> {
  const imports = names.map((name) => `await import('${name}')`).join('; ')
  const script = `const start = performance.now(); ${imports}; console.log(performance.now() - start)`
  const folder = fileURLToPath(new URL('.', import.meta.url))
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder })
  return Number(stdout)
}
