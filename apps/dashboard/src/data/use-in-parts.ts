import type { OpsPart } from '@rollcall/roster'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { fetchJson } from './fetch-json.ts'
import { inParts, type PartsProgress } from './in-parts.ts'

/** An action that takes as many calls as it takes, with its progress; `changes` is the first part of the keys of queries that it does. */
export function useInParts(path: string, body: unknown, changes: string) {
  const client = useQueryClient()
  const [progress, setProgress] = useState<PartsProgress>()
  const ending = useRef<AbortController>(undefined)
  const action = useMutation({
    mutationFn: () => {
      ending.current = new AbortController()
      setProgress(undefined)
      const call = (signal: AbortSignal) => fetchJson<OpsPart>(path, { method: 'POST', body, signal })
      return inParts(call, setProgress, ending.current.signal)
    },
    onSettled: () => client.invalidateQueries({ queryKey: [changes] }),
  })
  return { ...action, progress, end: () => ending.current?.abort() }
}
