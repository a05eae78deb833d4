import { onNode } from '../transports/suites.ts'
import { cases } from './cases.ts'

onNode('finding a cluster', cases)
