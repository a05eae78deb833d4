/** Monotonic milliseconds. Passed into every call: nothing in the engine reads a clock. */
export type Millis = number
