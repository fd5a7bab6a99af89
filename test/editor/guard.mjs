// guard.mjs - loaded before a program that may open no connection: one that tries ends with 70

import net from 'node:net'
import dns from 'node:dns'

function refuse(what) {
  return function () {
    process.stderr.write(`guard: ${what}\n`)
    process.exit(70)
  }
}

net.Socket.prototype.connect = refuse('a connection')
for (const one of ['lookup', 'resolve', 'resolve4', 'resolve6']) dns[one] = refuse('a look-up')
