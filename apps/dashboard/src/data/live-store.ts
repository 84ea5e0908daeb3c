import type { OpsSnapshot } from '@rollcall/roster'
import { replaceEqualDeep } from '@tanstack/react-query'
import { setClock } from '../format/clock.ts'
import { eventLink, type LinkState, type Surroundings } from './event-link.ts'
import { API } from './fetch-json.ts'
import { listenedStore } from './listened-store.ts'

export interface Live {
  /** The last one, however old; parts that have not changed since the one before are the same objects. Undefined: none came yet. */
  readonly snapshot: OpsSnapshot | undefined
  readonly link: LinkState
  /** How old what is shown is, in whole seconds; undefined while it is as it should be. */
  readonly oldForS: number | undefined
}

export interface LiveStore {
  get(): Live
  /** The link is open as long as somebody listens. Returns how to stop. */
  subscribe(listener: () => void): () => void
}

export interface LiveStoreOptions {
  /** An attempt to hear of the api has failed: whoever asks finds out whether somebody is logged in still. */
  readonly onLost?: () => void
  readonly surroundings?: Surroundings
}

/** The api says something every 2 s, even if only that it lives. */
const OLD_AFTER_MS = 10_000
const LOOK_EVERY_MS = 1000

/** What `GET /ops/api/live` tells: one link for the whole tab, whoever listens. */
export function liveStore({ onLost, surroundings }: LiveStoreOptions = {}): LiveStore {
  const store = listenedStore<Live>({ snapshot: undefined, link: 'connecting', oldForS: undefined }, start)
  const { change } = store
  let heardAt = Date.now()

  function hear(): void {
    heardAt = Date.now()
  }

  function look(): void {
    const silentForMs = Date.now() - heardAt
    const oldForS = silentForMs > OLD_AFTER_MS ? Math.floor(silentForMs / 1000) : undefined
    if (oldForS !== store.get().oldForS) change({ oldForS })
  }

  function start(): () => void {
    const link = eventLink({
      url: `${API}/live`,
      on: {
        snapshot(data) {
          hear()
          setClock((data as OpsSnapshot).at)
          change({ snapshot: replaceEqualDeep(store.get().snapshot, data as OpsSnapshot), oldForS: undefined })
        },
        alive() {
          hear()
          look()
        },
      },
      onState(state) {
        change({ link: state })
        if (state === 'lost') onLost?.()
      },
      ...(surroundings !== undefined && { surroundings }),
    })
    const looking = setInterval(look, LOOK_EVERY_MS)
    return () => {
      clearInterval(looking)
      link.close()
    }
  }

  return { get: store.get, subscribe: store.subscribe }
}
