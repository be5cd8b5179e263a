// Does something with the signing keys of a deployment by the packages of one checkout, prints the key ids, and ends.

import { pathToFileURL } from 'node:url'

const { CHECKOUT = '', STORE_URL = '', SECRET = '', KEY_PREFIX = '', CALL = '', KID = '' } = process.env
/** @param {string} name */
const packageOf = (name) => import(pathToFileURL(`${CHECKOUT}/packages/${name}/dist/index.js`).href)

const { createSallyport } = await packageOf('core')
const { redisStore } = await packageOf('redis')
const { postgresStore } = await packageOf('postgres')

const sallyport = await createSallyport({
  issuer: 'https://auth.example.test',
  audience: 'https://api.example.test',
  secret: Buffer.from(SECRET, 'base64url'),
  production: false,
  store: STORE_URL.startsWith('postgres:')
    ? postgresStore({ url: STORE_URL })
    : redisStore({ url: STORE_URL, keyPrefix: KEY_PREFIX }),
})
while (!(await sallyport.ready())) await new Promise((resolve) => setTimeout(resolve, 50))
if (CALL === 'rotate') await sallyport.keys.rotate()
if (CALL === 'compromise') await sallyport.keys.compromise(KID)
console.log(JSON.stringify(sallyport.keys.list()))
await sallyport.close()
