import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Clinic, openClinic } from './clinic.ts'

interface Catalogue {
  readonly standards: Record<
    string,
    { readonly licence: string; readonly source: string; readonly clauses: Record<string, string> }
  >
  readonly findings: readonly {
    readonly id: string
    readonly severity: string
    readonly clauses: Record<string, readonly string[]>
  }[]
}

const root = join(import.meta.dirname, '../../..')
const FAULTY = "binding: 'off', lockout: { attempts: 0 }"

let clinic: Clinic
let catalogue: Catalogue
beforeAll(async () => {
  clinic = await openClinic()
  catalogue = JSON.parse(await readFile(join(root, 'packages/cli/data/findings.json'), 'utf8'))
})
afterAll(() => clinic.close())

describe('the catalogue', () => {
  test('has each id once, and a known severity', () => {
    const ids = catalogue.findings.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { severity } of catalogue.findings)
      expect(['critical', 'high', 'medium', 'low']).toContain(severity)
  })

  test('judges each finding by ASVS, and maps it to SOC 2, ISO 27001 and GDPR, by clauses that it explains', () => {
    for (const { id, clauses } of catalogue.findings) {
      expect(Object.keys(clauses), id).toEqual(expect.arrayContaining(['asvs', 'soc2', 'iso27001', 'gdpr']))
      for (const [standard, numbers] of Object.entries(clauses))
        for (const number of numbers)
          expect(catalogue.standards[standard]?.clauses, `${id}: ${standard}`).toHaveProperty([number])
    }
  })

  test('says of each standard what it was checked against, and under which licence its text is', () => {
    for (const [standard, { licence, source }] of Object.entries(catalogue.standards)) {
      expect(licence, standard).not.toBe('')
      expect(source, standard).toMatch(/checked against/i)
    }
  })

  test('has nothing that no test here plants', async () => {
    const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.test.ts'))
    const others = files.filter((name) => name !== 'reports.test.ts')
    const texts = await Promise.all(others.map((name) => readFile(join(import.meta.dirname, name), 'utf8')))
    const unplanted = catalogue.findings.filter(({ id }) => !texts.some((text) => text.includes(`'${id}'`)))
    expect(unplanted.map(({ id }) => id)).toEqual([])
  })

  test('explains no clause that nothing is judged by', () => {
    for (const [standard, { clauses }] of Object.entries(catalogue.standards))
      for (const number of Object.keys(clauses))
        expect(
          catalogue.findings.some((finding) => finding.clauses[standard]?.includes(number)),
          `${standard} ${number}`,
        ).toBe(true)
  })
})

test('the text has a table, and what to do', async () => {
  const { code, stdout, stderr } = await clinic.doctor(FAULTY)
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  expect(stdout).toMatch(/^SEVERITY +FINDING +SEEN\nhigh +lockout-off +.*\nmedium +binding-off +/m)
  expect(stdout).toContain('  Mend:  Remove lockout.attempts, or set it to 5.\n')
  expect(stdout).toContain('OWASP ASVS 5.0.0: 6.3.1')
  expect(stdout).toMatch(/\n0 critical, 1 high, 1 medium, 0 low\.\n$/)
})

test('the JSON has all of it', async () => {
  const { stdout } = await clinic.doctor(FAULTY, ['--json'])
  expect(JSON.parse(stdout)).toMatchObject({
    examined_at: expect.stringMatching(/^\d{4}-.*Z$/),
    examined: ['the options, the store and the keys'],
    findings: [
      {
        id: 'lockout-off',
        severity: 'high',
        option: 'lockout.attempts',
        place: null,
        clauses: { asvs: ['6.3.1'] },
      },
      { id: 'binding-off', severity: 'medium' },
    ],
  })
})

test('the SARIF has a rule for each result, and a place', async () => {
  await clinic.file('app.ts', "\nconst options = { secret: 'keyboard-cat' }\n")
  const { stdout } = await clinic.doctor(FAULTY, ['--sarif', '--source', clinic.folder])
  const log = JSON.parse(stdout)
  expect(log).toMatchObject({ version: '2.1.0', $schema: expect.stringContaining('sarif-schema-2.1.0.json') })
  const [{ tool, results }] = log.runs
  expect(results.length).toBeGreaterThan(2)
  for (const { ruleId, ruleIndex, level, message, locations } of results) {
    expect(tool.driver.rules[ruleIndex]).toMatchObject({
      id: ruleId,
      shortDescription: { text: expect.any(String) },
      defaultConfiguration: { level },
      properties: { 'security-severity': expect.stringMatching(/^\d\.\d$/) },
    })
    expect(['error', 'warning', 'note']).toContain(level)
    expect(message.text).not.toBe('')
    expect(locations[0].physicalLocation.region.startLine).toBeGreaterThan(0)
  }
  const inSource = results.find(({ ruleId }: { readonly ruleId: string }) => ruleId === 'source-secret')
  expect(inSource.locations[0].physicalLocation).toEqual({
    artifactLocation: { uri: 'app.ts' },
    region: { startLine: 2 },
  })
})

test('the page is one file without scripts, for its owner alone', async () => {
  await clinic.doctor(FAULTY, ['--html', 'report.html'])
  const html = await readFile(join(clinic.folder, 'report.html'), 'utf8')
  expect(html).toContain('<title>Sallyport doctor: 2 findings</title>')
  expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'")
  expect(html).not.toMatch(/<script|<link|<img|\son\w+=/i)
  expect(html).toContain('Accounts are never locked')
  expect((await stat(join(clinic.folder, 'report.html'))).mode & 0o077).toBe(0)
})
