/** Works each `intervalMs`; a turn that comes while the last one still works is left out. `work` tells its own errors. */
export function oneAtATime(intervalMs: number, work: () => Promise<void>): () => void {
  let working = false
  const timer = setInterval(() => {
    if (working) return
    working = true
    void work().finally(() => {
      working = false
    })
  }, intervalMs)
  return () => clearInterval(timer)
}
