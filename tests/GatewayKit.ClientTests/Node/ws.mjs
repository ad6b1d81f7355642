// Talks to an echo service: text, binary and a close with code and reason; prints one line of JSON for each answer.
import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
const WebSocket = createRequire(`${process.env.GATEWAYKIT_NODE_CLIENTS}/`)('ws');

const print = value => console.log(JSON.stringify(value));
const binary = randomBytes(1 << 20);
const socket = new WebSocket(process.argv[2], ['chat.v2', 'chat.v1'], { ca: readFileSync(process.argv[3]) });
socket.on('open', () => {
  print({ protocol: socket.protocol });
  socket.send('grüße');
});
socket.on('message', (data, isBinary) => {
  if (isBinary) {
    print({ binary: data.length, same: Buffer.compare(data, binary) === 0 });
    socket.close(4001, 'enough');
  } else {
    print({ text: data.toString() });
    socket.send(binary);
  }
});
socket.on('close', (code, reason) => print({ code, reason: reason.toString() }));
socket.on('error', error => {
  print({ error: error.message });
  process.exitCode = 1;
});
