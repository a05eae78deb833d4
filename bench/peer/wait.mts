/** How often it is asked whether a phase is over. The figures themselves are taken as things happen. */
const poll = 5

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Resolves with true once `met`, or with false when `limit` milliseconds have passed without. */
export async function waitUntil(met: () => boolean, limit: number): Promise<boolean> {
  const deadline = performance.now() + limit
  while (!met()) {
    if (performance.now() >= deadline) return false
    await sleep(poll)
  }
  return true
}
