export { type UdpOptions, udp } from './udp.ts'
