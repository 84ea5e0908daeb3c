import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import express, { type Response, type Router } from 'express'

interface Asset {
  readonly type: string
  readonly plain: Buffer
  /** Null: it would not become smaller. */
  readonly gzipped: Buffer | null
  readonly etag: string
}

/** By path below the directory: `index.html`, `assets/index-BX3f.js`. */
type Assets = ReadonlyMap<string, Asset>

/** A dashboard takes far less: more than that is not one. */
const MAX_FILES = 1_000
/** Their names hold a hash of what is in them. */
const HASHED = 'assets/'
const NOT_BUILT = 'The dashboard has not been built: run `npm run build`, and load this page again.\n'

/**
 * The built dashboard below /ops/. Its files are read once and kept in memory, compressed: no path of a request ever becomes one
 * of the file system, and what was built anew is served after the next start, never half of it.
 */
export function dashboardFiles(directory: string | null): Router {
  const router = express.Router({ strict: true })
  let loading: Promise<Assets | null> | null = null
  const load = async (): Promise<Assets | null> => {
    if (directory === null) return null
    loading ??= readAssets(directory)
    const assets = await loading.catch((error: unknown) => {
      loading = null
      throw error
    })
    if (assets === null) loading = null // built meanwhile, perhaps
    return assets
  }
  router.get('/', (request, response, next) => {
    if (request.originalUrl.split('?', 1)[0]?.endsWith('/')) next()
    else response.redirect(301, `${request.baseUrl}/`)
  })
  router.get('/{*path}', async (request, response) => {
    const assets = await load()
    const path = request.path.slice(1)
    if (assets === null) return void response.status(404).type('text').send(NOT_BUILT)
    // What is no file is a view, which the browser finds: /ops/users/john@example.org.
    const asset = assets.get(path) ?? (path.startsWith(HASHED) ? undefined : assets.get('index.html'))
    if (!asset) return void response.status(404).type('text').send('There is no such file: load the page again.\n')
    response.setHeader('cache-control', path.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache')
    send(asset, request.acceptsEncodings('gzip') === 'gzip', response)
  })
  return router
}

/** Express leaves the body out for a HEAD, and for who has it already. */
function send({ type, plain, gzipped, etag }: Asset, takesGzip: boolean, response: Response): void {
  const isGzipped = takesGzip && gzipped !== null
  response
    .type(type)
    .vary('accept-encoding')
    .setHeader('etag', isGzipped ? `"${etag}-gzip"` : `"${etag}"`)
  if (isGzipped) response.setHeader('content-encoding', 'gzip')
  response.send(isGzipped ? gzipped : plain)
}

/** Null when there is no dashboard. */
async function readAssets(directory: string): Promise<Assets | null> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true }).catch(noneIfAbsent)
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  if (files.length > MAX_FILES) throw new Error(`${directory} holds ${files.length} files: that is no built dashboard`)
  const assets = new Map<string, Asset>()
  for (const file of files) assets.set(relative(directory, file).replaceAll(sep, '/'), await readAsset(file))
  return assets.has('index.html') ? assets : null
}

function noneIfAbsent(error: NodeJS.ErrnoException): [] {
  if (error.code === 'ENOENT') return []
  throw error
}

async function readAsset(file: string): Promise<Asset> {
  const plain = await readFile(file)
  const gzipped = await promisify(gzip)(plain, { level: 9 })
  return {
    type: extname(file) || 'bin',
    plain,
    gzipped: gzipped.length < plain.length * 0.9 ? gzipped : null,
    etag: createHash('sha256').update(plain).digest('base64url').slice(0, 22),
  }
}
