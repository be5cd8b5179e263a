// The probe in a process that leaks.

import './probe.mjs'

const EVERY_MS = 50
const NUMBERS = 25_000
/** @type {number[][]} */
const kept = []
setInterval(() => kept.push(Array.from({ length: NUMBERS }, (_, index) => index + 0.5)), EVERY_MS).unref()
