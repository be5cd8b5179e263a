import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { command } from './commands.ts'

const run = promisify(execFile)

/** What bash offers behind these words, of which the last one is begun. */
async function offered(...words: string[]): Promise<string[]> {
  const { stdout: script } = await command(['completion', 'bash'])
  const line = ['sallyport', ...words].map((word) => `'${word}'`).join(' ')
  const ask = `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _sallyport; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run('bash', ['-c', `${script}\n${ask}`])
  return stdout.split('\n').filter((word) => word !== '')
}

test('bash completes commands, and options behind arguments', async () => {
  expect(await offered('')).toEqual(
    expect.arrayContaining([
      'init',
      'sessions',
      'users',
      'revoke-all',
      'keys',
      'token',
      'store',
      'audit',
      '--help',
    ]),
  )
  expect(await offered('us')).toEqual(['users'])
  expect(await offered('users', '')).toEqual(['revoke', 'forget', 'unlock', '--help'])
  expect(await offered('users', 'revoke', 'alice', '--j')).toEqual(['--json'])
  expect(await offered('users', 'revoke', 'users', '--fr')).toEqual(['--from'])
  expect(await offered('audit', 'query', '/var/log/audit.jsonl', '--si')).toEqual(['--sid', '--since'])
})

test('zsh gets the same choices', async () => {
  const { code, stdout } = await command(['completion', 'zsh'])
  expect(code).toBe(0)
  expect(stdout).toContain("'keys') next='list rotate compromise export-jwks --help' ;;")
  expect(stdout).toContain('compdef _sallyport sallyport')
})

test('no other shell', async () => {
  const { code, stderr } = await command(['completion', 'fish'])
  expect(code).toBe(2)
  expect(stderr).toContain('Allowed choices are bash, zsh')
})
