import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { servePage } from '../../lab/src/page/serve.ts'

let lab: Awaited<ReturnType<typeof servePage>>
beforeAll(async () => {
  lab = await servePage()
})
afterAll(() => lab?.close())

/** With `fetch`, nobody can choose the header `Host`. */
function statusFor(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(lab.url, { headers: { host } }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

test('the page listens on loopback, answers to its own name alone, and allows no inline script', async () => {
  expect(new URL(lab.url).hostname).toBe('127.0.0.1')
  expect(await statusFor('localhost:80')).toBe(200)
  expect(await statusFor('mallory.example')).toBe(421)
  expect(await statusFor('127.0.0.1.mallory.example')).toBe(421)
  const answer = await fetch(lab.url)
  const [, nonce] = /<script type="module" nonce="([^"]+)" src=/.exec(await answer.text()) ?? []
  expect(answer.headers.get('content-security-policy')).toContain(`'nonce-${nonce}'`)
})

test('another site starts no attack, and an unknown one is not found', async () => {
  const start = (name: string, site: string) =>
    fetch(`${lab.url}/attacks/${name}`, { method: 'POST', headers: { 'sec-fetch-site': site } })
  expect((await start('alg-none', 'cross-site')).status).toBe(403)
  expect((await start('alg-none', 'same-site')).status).toBe(403)
  expect((await start('nothing', 'same-origin')).status).toBe(404)
  const played = await start('alg-none', 'same-origin')
  expect(await played.json()).toMatchObject({ verdicts: { naive: 'succeeded', sallyport: 'failed' } })
})
