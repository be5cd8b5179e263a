// One of several services that take the access tokens of one sign-on. It shares no store with the sign-on: logout tokens
// tell it which sessions have ended. See README.md.

import type { AddressInfo } from 'node:net'
import { createSallyport, getAuth } from '@sallyport/express'
import { securityHeaders } from '@sallyport/headers/express'
import express from 'express'

const { SIGN_ON = 'http://127.0.0.1:3000', NAME = 'shop', PORT = '3001' } = process.env
const issuer = 'https://auth.example.test'
const jwks = `${SIGN_ON}/.well-known/jwks.json`

const { authMiddleware, router } = await createSallyport({
  issuers: [{ issuer, audience: 'https://api.example.test', jwks, algorithms: ['EdDSA'] }],
  backchannelLogout: { issuers: [{ issuer, audience: NAME, jwks }] },
})

const app = express()
app.use(securityHeaders())
app.use('/auth', router('backchannel-logout'))
app.get('/me', authMiddleware(), (req, res) => res.json({ service: NAME, sub: getAuth(req).subject }))

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
