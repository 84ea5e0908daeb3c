import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  bringDebianPackages,
  findOnPath,
  freePort,
  hasDebianPackages,
  replaceOnce,
  repositoryRoot,
  startChild,
} from '../../tools/src/index.ts'
import { temporaryDirectory } from './processes.ts'

/** The program is in one or the other, depending on the release. */
const NGINX_PACKAGES = ['nginx', 'nginx-light', 'libpcre2-8-0']

/** nginx of PATH; else Debian's, unpacked without root into `.cache/nginx`. */
async function findNginx(): Promise<{ command: string; env: Record<string, string> }> {
  const command = findOnPath('nginx')
  if (command) return { command, env: {} }
  if (!hasDebianPackages()) throw new Error('No nginx here: install it, this test is not skipped')
  const { root, libraryPath } = await bringDebianPackages('nginx', NGINX_PACKAGES)
  return { command: join(root, 'usr/sbin/nginx'), env: { LD_LIBRARY_PATH: libraryPath } }
}

/** nginx with the configuration of deploy/nginx, in front of these two ports. Ends with the test. */
export async function nginxInFrontOf(ports: readonly [number, number]): Promise<{ readonly url: string }> {
  const { command, env } = await findNginx()
  const directory = await temporaryDirectory()
  const port = await freePort()
  await mkdir(join(directory, 'tmp'))
  await writeFile(join(directory, 'rollcall.conf'), await deployed(port, ports))
  await writeFile(join(directory, 'nginx.conf'), MAIN)
  const nginx = await startChild({
    name: 'nginx',
    command,
    args: ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr'],
    env,
  })
  onTestFinished(async () => void (await nginx.stop()))
  const url = `http://127.0.0.1:${port}`
  await nginx.waitForUrl(`${url}/health/ready`)
  return { url }
}

const MAIN = `
daemon off;
worker_processes 2;
pid nginx.pid;
error_log stderr warn;
events {}
http {
    access_log off;
    client_body_temp_path tmp/body;
    proxy_temp_path tmp/proxy;
    fastcgi_temp_path tmp/fastcgi;
    uwsgi_temp_path tmp/uwsgi;
    scgi_temp_path tmp/scgi;
    include rollcall.conf;
}
`

/** As it stands in deploy/nginx, but for the ports. */
async function deployed(listen: number, [first, second]: readonly [number, number]): Promise<string> {
  const text = await readFile(join(repositoryRoot, 'deploy/nginx/rollcall.conf'), 'utf8')
  return replaceOnce(text, 'listen 80;', `listen 127.0.0.1:${listen};`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${first}`)
    .replaceAll('127.0.0.1:8081', `127.0.0.1:${second}`)
}
