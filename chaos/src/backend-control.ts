export const LISTENING = 'the backend listens on'

/** What the backend does with requests; `late`: good answers, but not before it does something else; `share`: with those for every so many-th user, else with all. */
export interface Behaviour {
  readonly kind: 'good' | 'late' | 'dead' | 'hang' | 'drip' | 'flap' | 'too-many' | 'garbage'
  readonly share?: number
}

export const isMisbehaving = ({ kind, share = 1 }: Behaviour, user: number): boolean =>
  kind !== 'good' && kind !== 'late' && user % share === 0

/** A serial that a fetch was given. */
export interface Given {
  /** Epoch milliseconds. */
  readonly at: number
  readonly serial: number
}

export type BackendControl = ReturnType<typeof backendControl>

/** Tells the backend's process what to do, and asks it for the truth. */
export function backendControl(url: string) {
  async function tell<T>(path: string, body: unknown): Promise<T> {
    const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
    return (await response.json()) as T
  }
  return {
    /** Gives each of these users a new roster; returns their serials. */
    change: (users: readonly number[]) => tell<number[]>('/change', users),
    serials: (users: readonly number[]) => tell<number[]>('/serials', users),
    /** Of each user, what the latest fetches were given. */
    given: (users: readonly number[]) => tell<Given[][]>('/given', users),
    behave: (behaviour: Behaviour) => tell<object>('/behave', behaviour),
    fetches: async () => (await tell<{ fetches: number }>('/fetches', null)).fetches,
  }
}
