import { fileURLToPath } from 'node:url'
import { configDefaults, defineConfig } from 'vitest/config'
import { shared } from '../../vitest.config.ts'
import { QuickFirst } from './quick-first.ts'

/**
 * They need Redis, other processes or files that are built, or try hundreds of cases that are in a unit test as well: too slow to
 * be run again for each mutant.
 */
const APART = [
  'test/options/{pkcs11,postgres,redis,aws-kms}.test.ts',
  'test/unit/{aws-kms,many-endings,other-issuers,redis-server,script-command,server-time}.test.ts',
  'test/conformance/{extension,failed-start,guide,http2,live,metrics,migrations,policies,reached,streams}.test.ts',
  'test/conformance/{allow-list,api-keys,ready,retry-keys}.test.ts',
  'test/conformance/{deployments,oidc-provider-logout,signer-outage,single-logout}.test.ts',
  'test/conformance/device-bound/{deployments,protocol}.test.ts',
  'test/conformance/dpop/{bad-proofs,deployments}.test.ts',
]

/**
 * The tests that mutants meet: `npm run mutants`. Its root is where this file is, which is Stryker's copy of the project, and
 * so are the sources that the aliases lead to.
 */
export default defineConfig({
  ...shared,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    ...shared.test,
    include: [
      'test/{unit,options}/*.test.ts',
      'test/contract/memory.test.ts',
      'test/conformance/**/*.test.ts',
    ],
    exclude: [...configDefaults.exclude, ...APART],
    env: { STORE: 'memory' },
    globalSetup: [],
    setupFiles: ['test/mutants/setup.ts'],
    sequence: { sequencer: QuickFirst },
  },
})
