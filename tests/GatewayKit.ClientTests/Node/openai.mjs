// What the openai package sees of a provider: prints one line of JSON for each.
import { load, print, address, run, confirm } from './client.mjs';
const { OpenAI, toFile } = load('openai');

const client = new OpenAI({ apiKey: 'sk-test', baseURL: `${address}openai/v1`, maxRetries: 2 });
const messages = [{ role: 'user', content: 'Hi' }];
const failure = async promise => {
  const error = await promise.then(() => ({}), error => error);
  return [error.constructor.name, error.status, error.code, error.requestID, error.message];
};

const { data, request_id: id } = await client.chat.completions.create({ model: 'words', messages }).withResponse();
print('completion', data.choices[0].message, data.usage, id);

const words = [];
for await (const chunk of await client.chat.completions.create({ model: 'words', messages, stream: true, user: `openai-${run}` })) {
  if (chunk.choices[0].delta.content) {
    words.push(chunk.choices[0].delta.content);
    await confirm(`openai-${run}-${words.length}`);
  }
}

print('stream', words);

const helper = client.chat.completions.stream({ model: 'words', messages, user: `helper-${run}` });
let deltas = 0;
helper.on('content', () => confirm(`helper-${run}-${++deltas}`));
print('stream helper', await helper.finalContent(), deltas);

const stopped = await client.chat.completions.create({ model: 'words', messages, stream: true, user: `stopped-${run}` });
for await (const chunk of stopped) {
  if (chunk.choices[0].delta.content) {
    print('stream stops after', chunk.choices[0].delta.content);
    break;
  }
}

print('stop arrives', (await fetch(new URL(`/aborted/stopped-${run}`, address))).status);

const retried = await client.chat.completions.create({ model: 'busy', messages, user: `openai-${run}` }).withResponse();
print('retry', retried.data.choices[0].finish_reason);
const impatient = new OpenAI({ apiKey: 'sk-test', baseURL: client.baseURL, maxRetries: 0 });
print('rate limit', ...await failure(impatient.chat.completions.create({ model: 'busy', messages, user: `impatient-${run}` })));
print('unknown model', ...await failure(client.chat.completions.create({ model: 'unknown', messages })));
print('wrong key', ...await failure(new OpenAI({ apiKey: 'wrong', baseURL: client.baseURL }).chat.completions.create({ model: 'words', messages })));

const jobs = [];
for await (const job of client.fineTuning.jobs.list({ limit: 2 })) {
  jobs.push(job.id);
}

print('pages', jobs);
print('embedding', (await client.embeddings.create({ model: 'words', input: 'Hi', encoding_format: 'float' })).data[0].embedding);
const file = await client.files.create({ file: await toFile(Buffer.alloc(2_000_000, 'x'), 'largé.jsonl'), purpose: 'fine-tune' });
print('file', file.bytes, file.filename, file.purpose);
