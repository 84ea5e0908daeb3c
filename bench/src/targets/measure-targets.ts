import { launch } from '../launch.ts'
import { type Progress, showProgress } from '../progress.ts'
import { writeResults } from '../results.ts'
import { floorTable } from '../tables.ts'
import { startDeployment } from './deployment.ts'
import { targetFloors } from './floors.ts'
import { measureIdle } from './idle.ts'
import { type LatencyResult, measureLatency } from './latency.ts'
import { type TargetsPlan, targetsPlanOf } from './plan.ts'
import { startXmppServer, XMPP_SERVERS, type XmppServerName } from './server.ts'
import { idleTable, latencyTable, throughputTable } from './tables.ts'
import { measureThroughput, type ThroughputResult } from './throughput.ts'

/** Measures what it takes until XMPP servers have what has changed; false when a floor was missed. */
export async function measureTargets({ quick }: { readonly quick: boolean }): Promise<boolean> {
  const startedAt = new Date()
  const plan = targetsPlanOf({ quick })
  const { progress, end } = showProgress()
  const throughput: ThroughputResult[] = []
  const latency: LatencyResult[] = []
  let idle: Awaited<ReturnType<typeof measureIdle>>
  try {
    for (const name of XMPP_SERVERS) {
      const measured = await measureServer(name, plan, progress)
      throughput.push(measured.throughput)
      latency.push(measured.latency)
    }
    idle = await measureIdle(plan.idle, progress)
  } finally {
    end()
  }
  const floors = targetFloors(throughput, latency)
  console.log(throughputTable(throughput))
  console.log(latencyTable(latency))
  console.log(idleTable(idle))
  console.log(floorTable(floors))
  console.log(await writeResults('targets', startedAt, { quick, floors, throughput, latency, idle }))
  return floors.every(({ met }) => met)
}

async function measureServer(name: XmppServerName, plan: TargetsPlan, progress: Progress) {
  let result: { latency: LatencyResult; throughput: ThroughputResult } | undefined
  const { stop } = await launch(async (launcher) => {
    const server = await startXmppServer(name, launcher)
    const deployment = await startDeployment({ server: server.target }, 1, launcher)
    const running = { server, deployment, launcher }
    result = {
      latency: await measureLatency(name, plan.latency, running, progress),
      throughput: await measureThroughput(name, plan.throughput, running, progress),
    }
    return {}
  })
  await stop()
  if (!result) throw new Error(`${name} was not measured`)
  return result
}
