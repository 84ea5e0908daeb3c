import { gzipSync } from 'node:zlib'
import type { Plugin, Rolldown } from 'vite'

interface FirstLoad {
  /** Module ids end in these: the page itself, and the view that is opened first. */
  readonly entry: string
  readonly view: string
  /** Of scripts and styles, gzipped. */
  readonly maxBytes: number
}

/** Measures what a browser loads before it shows the first view, and fails the build when that is too much. */
export function firstLoad({ entry, view, maxBytes }: FirstLoad): Plugin {
  return {
    name: 'first-load',
    apply: 'build',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((output) => output.type === 'chunk')
      refuseZod(chunks)
      const first = [entry, view].map((id) => {
        const chunk = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(id))
        if (chunk === undefined) throw new Error(`No chunk of the dashboard begins with ${id}`)
        return chunk
      })
      const files = new Set<string>()
      for (const chunk of first) collect(chunk, bundle, files)
      const bytes = [...files].reduce((sum, file) => sum + gzippedBytes(bundle[file]), 0)
      const text = `First load: ${kilobytes(bytes)} gzipped, in ${files.size} files`
      if (bytes > maxBytes) throw new Error(`${text}. At most ${kilobytes(maxBytes)} are allowed`)
      this.info(text)
    },
  }
}

/** Schemas are for servers: the dashboard trusts its own api, and imports types only. */
function refuseZod(chunks: readonly Rolldown.OutputChunk[]): void {
  const zod = chunks.flatMap(({ moduleIds }) => moduleIds).find((id) => id.includes('/node_modules/zod/'))
  if (zod !== undefined) throw new Error(`The dashboard imports types of @rollcall/roster only, but ${zod} is in it`)
}

function collect(chunk: Rolldown.OutputChunk, bundle: Rolldown.OutputBundle, files: Set<string>): void {
  if (files.has(chunk.fileName)) return
  files.add(chunk.fileName)
  for (const style of chunk.viteMetadata?.importedCss ?? []) files.add(style)
  for (const name of chunk.imports) {
    const imported = bundle[name]
    if (imported?.type === 'chunk') collect(imported, bundle, files)
  }
}

function gzippedBytes(output: Rolldown.OutputBundle[string] | undefined): number {
  if (output === undefined) return 0
  return gzipSync(output.type === 'chunk' ? output.code : output.source).length
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`
