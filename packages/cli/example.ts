import { compose, createNode } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { host } from '@swimkit/host'
import { tcp } from '@swimkit/transport-tcp'
import { udp } from '@swimkit/transport-udp'
import { startControl } from 'swim-cli'

const node = createNode({
  name: 'orders-1',
  bind: '0.0.0.0:7946',
  host: host(),
  transport: compose({ packets: udp(), streams: tcp() }),
  detector: pingAck(),
  eventHistory: 1_024,
})
await node.start()

const control = await startControl(node, {
  onEnd: async () => {
    await control.close()
    await node.stop()
  },
})
console.log(`swim-cli members --control ${control.url}`)
