export { type PingAckOptions, pingAck, pingAck as default } from './ping-ack.ts'
