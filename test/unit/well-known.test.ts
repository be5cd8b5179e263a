import { createSallyport, memoryStore } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { expect, test } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { viewOf } from './view.ts'

const site = (issuer: string) =>
  createSallyport({ issuer, audience: 'a', store: memoryStore(), paths: { auth: '/session' } })

test('the JWK Set tells who has it already that nothing changed', async () => {
  const sallyport = await site('https://auth.example.com')
  const [jwks] = gateOf(sallyport).routes(['well-known'])
  const get = (known?: string) =>
    jwks?.handle(viewOf({ method: 'GET', headers: known === undefined ? {} : { 'if-none-match': known } }))
  const first = await get()
  const tag = first?.headers.ETag ?? ''
  expect(first).toMatchObject({ status: 200, headers: { 'Cache-Control': 'public, max-age=300' } })
  expect(tag).toMatch(/^"[\w-]{22}"$/)
  for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*'])
    expect(await get(known)).toMatchObject({ status: 304, body: undefined, headers: { ETag: tag } })
  expect(await get('"other"')).toMatchObject({ status: 200 })
  await sallyport.keys.rotate()
  const next = await get(tag)
  expect(next?.status).toBe(200)
  expect(JSON.parse(textIn(next?.body)).keys).toHaveLength(2)
  await sallyport.close()
})

test.each([
  ['https://auth.example.com', '/.well-known/oauth-authorization-server'],
  ['https://auth.example.com/tenants/1', '/.well-known/oauth-authorization-server/tenants/1'],
])('the metadata of %s lies at %s', async (issuer, path) => {
  const sallyport = await site(issuer)
  const gate = gateOf(sallyport)
  gate.routes(['token'])
  const metadata = gate.routes(['well-known']).find((route) => route.path === path)
  const answer = await metadata?.handle(viewOf({ method: 'GET' }))
  expect(JSON.parse(textIn(answer?.body))).toMatchObject({
    issuer,
    jwks_uri: 'https://auth.example.com/.well-known/jwks.json',
    token_endpoint: 'https://auth.example.com/session/token',
    grant_types_supported: ['refresh_token'],
  })
  await sallyport.close()
})

test('the metadata names no token endpoint where none is mounted', async () => {
  const sallyport = await site('https://auth.example.com')
  const [, metadata] = gateOf(sallyport).routes(['well-known'])
  const ask = async () => JSON.parse(textIn((await metadata?.handle(viewOf({ method: 'GET' })))?.body))
  expect(await ask()).not.toHaveProperty('token_endpoint')
  expect(await ask()).toMatchObject({ grant_types_supported: [] })
  gateOf(sallyport).routes(['token'])
  expect(await ask()).toHaveProperty('token_endpoint')
  await sallyport.close()
})
