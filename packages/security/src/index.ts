export { type AesGcm, aesGcm, type SealerStats, type SealingModes } from './aes-gcm.ts'
export { generateKey, type Key, KeyError, keySizes, readKey } from './key.ts'
export { Keyring } from './keyring.ts'
