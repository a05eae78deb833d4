/** Versions of the swimkit protocol that this build speaks, carried in alive claims; members whose range does not overlap are refused. */
export const minProtocol = 1
export const maxProtocol = 1
