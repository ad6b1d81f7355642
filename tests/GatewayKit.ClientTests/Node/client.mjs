// What every script needs: its packages, where to go, and lines of JSON for the test to read.
import { createRequire } from 'node:module';

export const load = createRequire(`${process.env.GATEWAYKIT_NODE_CLIENTS}/`);
export const print = (...values) => console.log(JSON.stringify(values));
export const [address, run] = process.argv.slice(2);

// Tells the service that an event has come through.
export const confirm = gate => fetch(new URL(`/open/${gate}`, address), { method: 'POST' });
