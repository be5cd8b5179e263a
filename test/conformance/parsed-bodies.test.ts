import { createServer } from 'node:http'
import type { createSallyport as createCore } from '@sallyport/core'
import { gateOf, jsonAnswer, type Route, readJsonObject, readText, refusal } from '@sallyport/core/adapter'
import * as forExpress from '@sallyport/express'
import * as forFastify from '@sallyport/fastify'
import * as forKoa from '@sallyport/koa'
import express from 'express'
import fastify from 'fastify'
import Koa from 'koa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Listening, listening } from '../support/listening.ts'

// An application may read all bodies before the library's routes. Some parsers leave an empty object for what they don't know.

/** Its types would change those of Koa for all tests. */
const PARSER = '@koa/bodyparser'
const { bodyParser }: { readonly bodyParser: () => Koa.Middleware } = await import(PARSER)

const SET = 'application/secevent+jwt'

function routesOf(sallyport: Awaited<ReturnType<typeof createCore>>): readonly Route[] {
  const { route } = gateOf(sallyport)
  return [
    route.open('/text', {
      async POST(view) {
        const body = await readText(view, SET)
        return body.kind === 'refused' ? refusal(body.problem) : jsonAnswer(200, { text: body.value })
      },
    }),
    route.open('/items/:id', { GET: () => jsonAnswer(200, {}) }),
    route.open('/json', {
      async POST(view) {
        const body = await readJsonObject(view)
        return body.kind === 'refused' ? refusal(body.problem) : jsonAnswer(200, body.value)
      },
    }),
  ]
}

const starts = {
  async Express(): Promise<Listening> {
    const sallyport = await forExpress.createSallyport()
    const app = express().use(express.json(), express.urlencoded(), sallyport.router(...routesOf(sallyport)))
    return listening(createServer(app), sallyport.close)
  },
  async Koa(): Promise<Listening> {
    const sallyport = await forKoa.createSallyport()
    const app = new Koa().use(bodyParser()).use(sallyport.router(...routesOf(sallyport)))
    return listening(createServer(app.callback()), sallyport.close)
  },
  async Fastify(): Promise<Listening> {
    const sallyport = await forFastify.createSallyport()
    const app = fastify().register(sallyport.router(...routesOf(sallyport)))
    await app.ready()
    return listening(app.server, () => app.close())
  },
}

describe.each(Object.entries(starts))('behind a body parser, on %s', (_framework, start) => {
  let app: Listening
  beforeAll(async () => {
    app = await start()
  })
  afterAll(() => app.close())

  async function post(path: string, type: string, body: string): Promise<readonly [number, unknown]> {
    const answer = await fetch(`${app.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    return [answer.status, await answer.json()]
  }

  test('a body of a type that the parser does not know is still there', async () => {
    expect(await post('/text', SET, 'abc.def.ghi')).toEqual([200, { text: 'abc.def.ghi' }])
  })

  test('what the parser has read is used, an empty object too', async () => {
    expect(await post('/json', 'application/json', '{"a":1}')).toEqual([200, { a: 1 }])
    expect(await post('/json', 'application/json', '{}')).toEqual([200, {}])
  })

  test('a wrong type is one, whatever the parser has left', async () => {
    expect((await post('/json', 'text/plain', '{"a":1}'))[0]).toBe(415)
    expect((await post('/text', 'text/plain', 'abc'))[0]).toBe(415)
  })

  test('a parameter that is empty is a path that is not there', async () => {
    expect((await fetch(`${app.url}/items/1`)).status).toBe(200)
    expect((await fetch(`${app.url}/items/`)).status).toBe(404)
  })
})
