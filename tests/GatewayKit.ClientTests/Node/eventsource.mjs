// Reads events from the address given until it has seen as many as asked for; prints one line of JSON for each.
import { createRequire } from 'node:module';
const { EventSource } = createRequire(`${process.env.GATEWAYKIT_NODE_CLIENTS}/`)('eventsource');

const [address, count] = process.argv.slice(2);
let seen = 0;
const source = new EventSource(address);
source.addEventListener('tick', event => {
  console.log(JSON.stringify({ id: event.lastEventId, data: event.data }));
  // Tells the service that this event has come through.
  fetch(new URL('/seen', address), { method: 'POST' });
  if (++seen === Number(count)) {
    source.close();
  }
});
