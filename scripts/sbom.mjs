// Writes sbom.cdx.json: what is installed along with our packages (CycloneDX, made by npm from a real installation of
// the packed packages), or ends with 1 if something of it has a licence that nobody has looked at.

import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { faultsOfLicences } from './licences.mjs'
import { publishedPackages, root } from './published.mjs'

/**
 * @param {string} folder
 * @param {string[]} args
 */
async function npm(folder, ...args) {
  const { stdout } = await promisify(execFile)('npm', args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

const folder = await mkdtemp(join(tmpdir(), 'sallyport-sbom-'))
const published = await publishedPackages()
const version = published[0]?.manifest.version
try {
  const workspaces = published.flatMap(({ manifest }) => ['--workspace', manifest.name])
  await npm(root, 'pack', '--pack-destination', folder, ...workspaces)
  const tarballs = (await readdir(folder)).map((name) => `./${name}`)
  await writeFile(`${folder}/package.json`, JSON.stringify({ name: 'sallyport', version, private: true }))
  await npm(folder, 'install', '--ignore-scripts', '--no-audit', '--no-fund', ...tarballs)
  const bom = await npm(folder, 'sbom', '--sbom-format=cyclonedx')
  const faults = faultsOfLicences(JSON.parse(bom))
  for (const fault of faults) console.error(`sbom: ${fault}`)
  if (faults.length > 0) process.exitCode = 1
  await writeFile(`${root}sbom.cdx.json`, bom)
  console.log(`sbom: sbom.cdx.json has ${JSON.parse(bom).components.length} components`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
