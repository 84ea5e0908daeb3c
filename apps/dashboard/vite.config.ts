import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { firstLoad } from './build/first-load.ts'

/** An api that runs, for `npm run dev -w apps/dashboard`. */
const api = process.env.ROLLCALL_URL ?? 'http://127.0.0.1:8080'

// light-dark(), :has() and nesting, as they are.
const BROWSERS = ['chrome123', 'firefox121', 'safari17.5']

export default defineConfig({
  base: '/ops/',
  plugins: [
    react(),
    firstLoad({ entry: 'index.html', view: 'src/views/overview/overview-view.tsx', maxBytes: 200_000 }),
  ],
  build: {
    target: BROWSERS,
    cssTarget: BROWSERS,
    // The policy of the api allows files only: no inline scripts, no data: addresses.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  // As the api sees it, a page of its own: the Host header stays that of the page.
  server: { host: '127.0.0.1', proxy: { '/ops/api': { target: api, changeOrigin: false } } },
})
