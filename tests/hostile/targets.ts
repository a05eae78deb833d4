import { clusterTarget } from './cluster-target.ts'
import { codecTargets } from './codec-targets.ts'
import { engineTargets } from './engine-target.ts'
import { smallTargets } from './small-targets.ts'
import type { Target } from './target.ts'

/** Everything that takes bytes which others made. */
export const targets: readonly Target[] = [...codecTargets, ...engineTargets, clusterTarget, ...smallTargets]
