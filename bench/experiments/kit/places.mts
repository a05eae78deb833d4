import type { Done } from './experiment.mts'

/** Outcomes of the jobs of one place. */
export interface AtPlace<Place, Outcome> {
  readonly place: Place
  readonly outcomes: readonly Outcome[]
}

/** Outcomes by what of a job says where it was, in the order of the jobs. */
export function byPlace<Place, Job, Outcome>(
  done: readonly Done<Job, Outcome>[],
  placeOf: (job: Job) => Place,
): AtPlace<Place, Outcome>[] {
  const places = new Map<string, { readonly place: Place; readonly outcomes: Outcome[] }>()
  for (const { job, outcome } of done) {
    const place = placeOf(job)
    const key = JSON.stringify(place)
    const known = places.get(key)
    if (known === undefined) places.set(key, { place, outcomes: [outcome] })
    else known.outcomes.push(outcome)
  }
  return [...places.values()]
}
