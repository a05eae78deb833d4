import type { Case } from '../transports/rig.ts'
import { lanCases } from './lan-cases.ts'
import { snapshotCases } from './snapshot-cases.ts'

/** All of finding a cluster that depends on the runtime. */
export const cases: readonly Case[] = [...snapshotCases, ...lanCases]
