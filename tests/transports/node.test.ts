import { cases } from './cases.ts'
import { onNode } from './suites.ts'

onNode('transports', cases)
