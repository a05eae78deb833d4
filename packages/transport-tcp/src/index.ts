export { PREFACE } from './packets/frame.ts'
export { type TcpOptions, tcp } from './tcp.ts'
