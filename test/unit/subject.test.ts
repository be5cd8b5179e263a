import { createSallyport, memoryStore, type Sallyport, type SallyportOptions } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createSubjectJudge } from '../../packages/core/src/tokens/custom/subject.ts'
import { viewOf } from './view.ts'

const PRODUCTION = {
  production: true,
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
} satisfies SallyportOptions
const notices: string[] = []
const open: Sallyport[] = []
beforeEach(() => {
  notices.length = 0
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void notices.push(String(warning)))
})
afterEach(async () => {
  for (const sallyport of open.splice(0)) await sallyport.close()
  vi.restoreAllMocks()
})

async function site(options: SallyportOptions) {
  const sallyport = await createSallyport({
    secret: 'q3Rk0VYzJm7uXw5bN1sLh9tGd2fCe8oPa4iKx6rTyZE',
    store: memoryStore(),
    ...options,
  })
  open.push(sallyport)
  const signIn = (subject: string) => gateOf(sallyport).signIn(viewOf({}), { subject })
  return { sallyport, signIn }
}

const PERSONAL = [
  ['ada@example.com', 'an e-mail address'],
  ['mailto:ada.lovelace@example.co.uk', 'an e-mail address'],
  ['samlp|company|ada@example.com', 'an e-mail address'],
  ['ada%40example.com', 'an e-mail address'],
  ['+49 1512 3456789', 'a phone number'],
  ['+4915123456789', 'a phone number'],
  ['(212) 555-2368', 'a phone number'],
  ['4111 1111 1111 1111', 'a card number'],
  ['GB33 BUKB 2020 1555 5555 55', 'a bank account'],
] as const

describe('a subject that looks like personal data', () => {
  test.each(PERSONAL)(
    'is refused in production, by name and without the value: %s',
    async (subject, kind) => {
      const { sallyport, signIn } = await site(PRODUCTION)
      const fault = await signIn(subject).catch((error) => error)
      expect(fault).toMatchObject({ name: 'ClaimsError', code: 'ERR_CLAIMS', claims: ['subject'] })
      expect(fault.message).toContain(`"subject" looks like ${kind}`)
      expect(fault.message).toContain('"claims.exempt": ["sub"]')
      expect(fault.message).not.toContain(subject)
      expect(await sallyport.sessions.list(subject)).toEqual([])
    },
  )

  test('gives one notice outside production, and signs in', async () => {
    const { signIn } = await site({})
    for (const [subject] of PERSONAL) expect((await signIn(subject)).status).toBe(200)
    expect(notices.filter((line) => line.includes('"subject" looks like'))).toHaveLength(1)
    expect(notices.join()).not.toContain('ada')
  })

  test.each([
    ['without claims of the application', { exempt: ['sub'] }],
    ['beside claims of the application', { of: () => ({ plan: 'pro' }), exempt: ['sub'] }],
  ])('is let through where it is exempt, %s', async (_how, claims) => {
    for (const mode of [PRODUCTION, {}]) {
      const { signIn } = await site({ ...mode, claims })
      for (const [subject] of PERSONAL) expect((await signIn(subject)).status).toBe(200)
    }
    expect(notices).toEqual([])
  })
})

describe('ids are no personal data:', () => {
  const judge = createSubjectJudge({ production: true, subjects: 'judge' }, (message) =>
    notices.push(message),
  )
  const digits = (minLength: number, maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength })
  const of = (alphabet: string, length: number) =>
    fc.string({ unit: fc.constantFrom(...alphabet), minLength: length, maxLength: length })
  const hex = '0123456789abcdef'
  const url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const ids: Readonly<Record<string, fc.Arbitrary<string>>> = {
    UUIDs: fc.uuid(),
    ULIDs: of('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 26),
    nanoids: of(url, 21),
    'digits of any length': digits(1, 255),
    'digits as long as a card number': digits(13, 19),
    Auth0: of(hex, 24).map((id) => `auth0|${id}`),
    'Google by Auth0': digits(16, 21).map((id) => `google-oauth2|${id}`),
    'with a prefix': of(url, 16).map((id) => `usr_${id}`),
    'of Entra ID': of(url, 43),
    'in base64': fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((b) => Buffer.from(b).toString('base64')),
    URLs: digits(17, 17).map((id) => `https://idp.example/openid/id/${id}`),
    paths: digits(16, 16).map((id) => `tenant/${id}`),
    names: fc.constantFrom('ada', 'ada.lovelace', 'ada@work', 'arn:aws:iam::123456789012:user/ada'),
  }
  test.each(Object.entries(ids))('%s', async (_name, id) => {
    await fc.assert(
      fc.asyncProperty(id, async (subject) => {
        await judge(subject)
      }),
      { numRuns: 1000 },
    )
    expect(notices).toEqual([])
  })
})
