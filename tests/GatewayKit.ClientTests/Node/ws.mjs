// What the ws package sees of an echo service, without and with compression: prints one line of JSON for each.
import { randomBytes } from 'node:crypto';
import { load, print, address } from './client.mjs';
const WebSocket = load('ws');

const target = new URL('/socket', address.replace(/^http/, 'ws'));
const binary = randomBytes(1 << 20);

const converse = perMessageDeflate => new Promise(resolve => {
  const socket = new WebSocket(target, ['chat.v2', 'chat.v1'], { perMessageDeflate });
  socket.on('open', () => {
    print('open', socket.protocol, socket.extensions);
    socket.ping('anybody?');
  });
  socket.on('pong', data => {
    print('pong', data.toString());
    socket.send('grü', { fin: false });
    socket.send('ße', { fin: true });
  });
  socket.on('message', (data, isBinary) => {
    if (!isBinary) {
      print('text', data.toString());
      socket.send(binary);
      return;
    }

    print('binary', data.length, Buffer.compare(data, binary) === 0);
    socket.close(4001, 'enough');
  });
  socket.on('close', (code, reason) => {
    print('close', code, reason.toString());
    resolve();
  });
  socket.on('error', error => print('error', error.message));
});

await converse(false);
await converse(true);
for (const path of ['/status/401', '/status/404', '/redirect/302?to=/socket', '/hello', '/rude']) {
  const refused = new WebSocket(new URL(path, target));
  await new Promise(resolve => {
    refused.on('unexpected-response', (request, response) => {
      print('refused', path, response.statusCode, response.headers.location);
      request.destroy();
      resolve();
    });
    refused.on('error', () => {});
    refused.on('close', (code, reason) => {
      print('closed', path, code, reason.toString());
      resolve();
    });
  });
}
