import type { OpsJudged, OpsJudgement } from '@rollcall/roster'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { fetchJson, pathOf } from './fetch-json.ts'

/** Says whether the empty rosters of a domain that are held back are right. */
export function useJudgeEmptied(domain: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (action: OpsJudgement['action']) =>
      fetchJson<OpsJudged>(pathOf('domains', domain, 'emptied'), { method: 'POST', body: { action } }),
    onSettled: () => client.invalidateQueries({ queryKey: ['failures'] }),
  })
}
