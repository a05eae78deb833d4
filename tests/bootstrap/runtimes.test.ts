import { elsewhere } from '../transports/suites.ts'
import { cases } from './cases.ts'

elsewhere('finding a cluster', cases, new URL('cases.ts', import.meta.url))
