/**
 * Saves snapshots of a folder without end, each of a size that depends on its number and filled with that number, and prints a line for each. A
 * save that is refused it prints as well, and goes on.
 */
import { folderSnapshots } from '@swimkit/bootstrap'

const store = await folderSnapshots(process.argv[2])
for (let i = 0; ; i++) {
  const bytes = new Uint8Array(1 + ((i * 7_919) % 300_000)).fill(i % 251)
  await store.save(bytes).then(
    () => console.log(`saved ${i}`),
    (error) => console.log(`refused ${i}: ${error.name}: ${error.message}`),
  )
}
