// What the @anthropic-ai/sdk package sees of a provider: prints one line of JSON for each.
import { load, print, address, run, confirm } from './client.mjs';
const { Anthropic } = load('@anthropic-ai/sdk');

const client = new Anthropic({ apiKey: 'sk-ant-test', baseURL: `${address}anthropic`, maxRetries: 2 });
const ask = (model, user) => ({ model, max_tokens: 16, messages: [{ role: 'user', content: 'Hi' }], metadata: { user_id: `${user}-${run}` } });
const failure = async promise => {
  const error = await promise.then(() => ({}), error => error);
  return [error.constructor.name, error.status, error.requestID, error.error?.error];
};

const { data, request_id: id } = await client.messages.create(ask('words', 'plain')).withResponse();
print('message', data.content, data.stop_reason, data.usage, id);

const events = [];
let deltas = 0;
for await (const event of await client.messages.create({ ...ask('words', 'events'), stream: true })) {
  events.push(event.type);
  if (event.type === 'content_block_delta') {
    await confirm(`events-${run}-${++deltas}`);
  }
}

print('events', events);

const stream = client.messages.stream(ask('words', 'helper'));
let texts = 0;
stream.on('text', () => confirm(`helper-${run}-${++texts}`));
print('stream helper', (await stream.finalMessage()).content[0].text, texts);

const broken = client.messages.stream(ask('breaking', 'breaking'));
broken.on('text', () => confirm(`breaking-${run}-1`));
print('error in stream', ...await failure(broken.finalMessage()));

const stopped = await client.messages.create({ ...ask('words', 'stopped'), stream: true });
for await (const event of stopped) {
  if (event.type === 'content_block_delta') {
    break;
  }
}

print('stop arrives', (await fetch(new URL(`/aborted/stopped-${run}`, address))).status);

print('retry', (await client.messages.create(ask('busy', 'retried'))).stop_reason);
const impatient = new Anthropic({ apiKey: 'sk-ant-test', baseURL: client.baseURL, maxRetries: 0 });
print('overloaded', ...await failure(impatient.messages.create(ask('busy', 'impatient'))));
print('unknown model', ...await failure(client.messages.create(ask('unknown', 'plain'))));
print('wrong key', ...await failure(new Anthropic({ apiKey: 'wrong', baseURL: client.baseURL }).messages.create(ask('words', 'plain'))));
print('tokens', await client.messages.countTokens({ model: 'words', messages: [{ role: 'user', content: 'Hi' }] }));
