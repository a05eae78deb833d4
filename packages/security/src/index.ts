export { type AesGcm, aesGcm, isEnforced, type SealerStats, type SealingModes } from './aes-gcm.ts'
export {
  type ClusterKeys,
  type ClusterKeysOptions,
  clusterKeys,
  type KeyHolders,
  type KeyReport,
  keysQuery,
  RotationError,
} from './cluster-keys.ts'
export { generateKey, type Key, KeyError, keySizes, readKey } from './key.ts'
export { Keyring } from './keyring.ts'
export { type SealedTransportOptions, sealedTransport } from './transport/sealed-transport.ts'
