import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { parse, stringify } from 'yaml'
import { repositoryRoot, startPrometheusServer } from '../../tools/src/index.ts'
import { temporaryDirectory } from './processes.ts'

export interface Scraped {
  /** Address of one process of each. */
  readonly api: string
  readonly worker: string
  readonly gateway: string
  /** With the right `view`. */
  readonly token: string
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  /** Time and value. */
  readonly value: readonly [number, string]
}

/** A Prometheus with the configuration and the rules of deploy/prometheus, only quicker. Ends with the test. */
export async function startPrometheus({ token, ...processes }: Scraped) {
  const directory = await temporaryDirectory()
  const deployed = (file: string): Promise<string> => readFile(join(repositoryRoot, 'deploy/prometheus', file), 'utf8')
  const config = parse(await deployed('prometheus.yml')) as Config
  config.global = { scrape_interval: '1s', evaluation_interval: '1s' }
  for (const job of config.scrape_configs) {
    const role = job.job_name.replace('rollcall-', '') as keyof typeof processes
    job.static_configs = [{ targets: [new URL(processes[role]).host] }]
  }
  await writeFile(join(directory, 'rollcall-token'), token)
  await writeFile(join(directory, 'rules.yml'), (await deployed('rules.yml')).replace(/for: \w+/g, 'for: 1s'))
  const lines: string[] = []
  const server = await startPrometheusServer({
    directory,
    config: stringify(config),
    onLine: (line) => lines.push(line),
  })
  onTestFinished(() => server.stop())
  const ask = async <T>(path: string, query: Record<string, string> = {}): Promise<T> => {
    const response = await fetch(`${server.url}/api/v1/${path}?${new URLSearchParams(query)}`)
    const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string }
    if (status !== 'success') throw new Error(`${JSON.stringify(query)}: ${error}`)
    return data
  }
  return {
    /** What it logged that is worse than information. */
    complaints: () => lines.filter((line) => /level=(?:warn|error)/.test(line)),
    query: async (query: string): Promise<readonly Sample[]> =>
      (await ask<{ result: Sample[] }>('query', { query })).result,
    /** Names of alerts that fire. */
    async firing(): Promise<string[]> {
      const { alerts } = await ask<{ alerts: { state: string; labels: { alertname: string } }[] }>('alerts')
      return alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname)
    },
  }
}

interface Config {
  global: object
  readonly scrape_configs: { readonly job_name: string; static_configs: object[] }[]
}
