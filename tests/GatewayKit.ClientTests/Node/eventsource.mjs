// Reads events until it has seen four, over two connections: prints one line of JSON for each.
import { load, print, address, run, confirm } from './client.mjs';
const { EventSource } = load('eventsource');

const source = new EventSource(new URL(`/events/${run}`, address));
let seen = 0;
source.addEventListener('tick', event => {
  print({ id: event.lastEventId, data: event.data });
  confirm(`event-${run}-${event.lastEventId}`);
  if (++seen === 4) {
    source.close();
  }
});
