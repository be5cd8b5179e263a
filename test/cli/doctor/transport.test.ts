import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { certificateForLocalhost } from '../../support/certificate.ts'
import { programRun } from '../commands.ts'
import { type Clinic, openClinic } from './clinic.ts'
import { type Reply, serve } from './server.ts'

const certificate = certificateForLocalhost()
let clinic: Clinic
let jwks: Awaited<ReturnType<Clinic['jwks']>>
let config: string
let trusted: string
beforeAll(async () => {
  clinic = await openClinic()
  jwks = await clinic.jwks()
  config = await clinic.config('')
  trusted = await clinic.file('trusted.pem', certificate.cert)
})
afterAll(() => clinic.close())

test('http-plain: an address that others reach, over http', async () => {
  const server = await serve(jwks, () => undefined)
  // It is every address of this machine, so no loopback one, and what listens on a loopback one answers it.
  const url = server.url.replace('127.0.0.1', '0.0.0.0')
  try {
    expect(await clinic.ids('', ['--url', url])).toEqual(['http-plain'])
  } finally {
    await server.close()
  }
})

/** A process trusts further certificates only if it is told at its start. */
async function idsOverTls(headers: NonNullable<Reply['headers']>): Promise<readonly string[]> {
  const server = await serve(jwks, (_, good) => ({ headers: { ...good.headers, ...headers } }), certificate)
  try {
    const env = { NODE_EXTRA_CA_CERTS: trusted }
    const { stdout } = await programRun(['doctor', '--config', config, '--url', server.url, '--json'], {
      env,
    })
    return JSON.parse(stdout).findings.map(({ id }: { readonly id: string }) => id)
  } finally {
    await server.close()
  }
}

describe('over https', () => {
  // Two processes, side by side, since a process is slow to start.
  test.concurrent('hsts-missing: it holds for a day', async () => {
    expect(await idsOverTls({ 'strict-transport-security': 'max-age=86400' })).toEqual(['hsts-missing'])
  })

  test.concurrent('nothing is found where it holds for a year', async () => {
    const headers = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }
    expect(await idsOverTls(headers)).toEqual([])
  })

  test('http-unreachable: nobody whom this machine trusts signed the certificate', async () => {
    const server = await serve(jwks, () => undefined, certificate)
    expect(await clinic.ids('', ['--url', server.url])).toEqual(['http-unreachable'])
    await server.close()
  })
})
