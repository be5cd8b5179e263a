import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { faultsOfLicences } from '../../scripts/licences.mjs'

test('what comes along when our packages are installed has a licence that may be used anywhere', async () => {
  const { stdout } = await promisify(execFile)('npm', ['sbom', '--sbom-format=cyclonedx'], {
    cwd: inject('project'),
    maxBuffer: 64 * 1024 * 1024,
  })
  expect(faultsOfLicences(JSON.parse(stdout))).toEqual([])
})

test('another licence, or none, is told', () => {
  const licence = (id: string) => ({ name: id, version: '1.0.0', licenses: [{ license: { id } }] })
  const either = { name: 'either', version: '1.0.0', licenses: [{ expression: '(GPL-3.0-only OR MIT)' }] }
  const components = [licence('MIT'), licence('AGPL-3.0-only'), either, { name: 'none', version: '1.0.0' }]
  expect(faultsOfLicences({ components })).toEqual([
    'AGPL-3.0-only@1.0.0: AGPL-3.0-only',
    'none@1.0.0: no licence',
  ])
})
