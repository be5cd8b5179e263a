import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findNginx } from '../../scripts/nginx.mjs'
import { ended, spawnTied } from '../support/tied.ts'
import { DEMO } from './demo.ts'
import { startSite } from './site.ts'
import type { Front } from './vite.ts'

/** nginx with the demo page as a file, and `proxy` as all that is said in the locations of the server. */
export async function startNginx(proxy: string): Promise<Front> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-nginx-'))
  const address = await freeAddress()
  await writeFile(join(folder, 'index.html'), DEMO)
  await writeFile(join(folder, 'nginx.conf'), configuration(folder, address, proxy))
  const { command, env } = await findNginx()
  const child = spawnTied(command, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const close = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended(child)
    await rm(folder, { recursive: true, force: true })
  }

  let log = ''
  const started = new Promise<boolean>((resolve) => {
    child.once('error', (error) => {
      log += String(error)
      resolve(false)
    })
    child.once('close', () => resolve(false))
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      // Said after the sockets are open.
      if (/ event method$/m.test(log)) resolve(true)
    })
  })
  if (!(await started)) {
    await close()
    throw new Error(`nginx did not start:\n${log}`)
  }
  return { url: `http://localhost:${address.split(':')[1]}`, close }
}

/** One process in the foreground, whose files are all in its own folder: it needs no rights. */
const configuration = (folder: string, address: string, proxy: string): string => `
daemon off;
master_process off;
pid nginx.pid;
error_log stderr notice;
events {}
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  types { text/html html; }
  server {
    listen ${address};
    root ${folder};
    location /auth/ { ${proxy} }
    location /api/ { ${proxy} }
  }
}
`

async function freeAddress(): Promise<string> {
  const site = await startSite()
  await site.close()
  return new URL(site.numeric).host
}
