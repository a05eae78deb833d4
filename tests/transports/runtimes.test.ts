import { cases } from './cases.ts'
import { elsewhere } from './suites.ts'

elsewhere('transports', cases, new URL('cases.ts', import.meta.url))
