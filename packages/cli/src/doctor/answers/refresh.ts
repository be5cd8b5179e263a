import { type Answer, type Examined, short } from './ask.ts'

const STRANGER = 'https://stranger.invalid'
/** It was never issued, so it ends no session. */
const INVENTED = { cookie: '__Host-refresh=invented; refresh=invented' }

/** Judges what the refresh route answers to strangers. Nothing of it changes anything. */
export async function judgeRefresh(examined: Examined): Promise<readonly (Answer | undefined)[]> {
  const { ask, found, authPath } = examined
  const path = `${authPath}/refresh`
  const [invented, crossSite, byGet, preflight] = await Promise.all([
    ask({ method: 'POST', path, headers: INVENTED }),
    ask({
      ...{ method: 'POST', path },
      headers: { ...INVENTED, origin: STRANGER, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
    }),
    ask({ method: 'GET', path, headers: INVENTED }),
    ask({
      ...{ method: 'OPTIONS', path },
      headers: { origin: STRANGER, 'access-control-request-method': 'POST' },
    }),
  ])
  if (invented?.status === 404) {
    found({ id: 'refresh-missing', seen: `POST ${path}: 404` })
  } else {
    if (invented !== undefined) judgeRefusal(path, invented, found)
    if (crossSite !== undefined && crossSite.status !== 403 && !isFailure(invented))
      found({
        id: 'refresh-cross-site',
        seen: `POST ${path} from another site: ${crossSite.status}, not 403`,
      })
    if (
      byGet !== undefined &&
      (isSuccess(byGet) || (byGet.status === invented?.status && byGet.status === 401))
    )
      found({ id: 'refresh-by-get', seen: `GET ${path}: ${byGet.status}` })
  }
  const all = [invented, crossSite, byGet, preflight]
  const cors = all.find((answer) =>
    ['*', STRANGER].includes(answer?.header('access-control-allow-origin') ?? ''),
  )
  if (cors !== undefined)
    found({
      id: 'cors-any',
      seen: `${path}: Access-Control-Allow-Origin: ${cors.header('access-control-allow-origin')}`,
    })
  return all
}

function judgeRefusal(path: string, answer: Answer, found: Examined['found']): void {
  const { status, header } = answer
  if (isSuccess(answer)) found({ id: 'refresh-accepts-anything', seen: `POST ${path}: ${status}` })
  // 503 says that the store is away, which is a finding of its own.
  if (isFailure(answer) && status !== 503) found({ id: 'refresh-fails', seen: `POST ${path}: ${status}` })
  if (!/\bno-store\b/i.test(header('cache-control')))
    found({
      id: 'answer-cached',
      seen: `POST ${path}: Cache-Control: ${short(header('cache-control')) || 'none'}`,
    })
}

const isSuccess = ({ status }: Answer): boolean => status >= 200 && status < 300
const isFailure = (answer: Answer | undefined): boolean => answer === undefined || answer.status >= 500
