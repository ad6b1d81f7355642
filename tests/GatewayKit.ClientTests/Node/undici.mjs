// What undici's calls see of a service: prints one line of JSON for each.
import { Writable, Readable } from 'node:stream';
import { createHash } from 'node:crypto';
import { load, print, address, run } from './client.mjs';
const { fetch, FormData, request, stream, pipeline, Client, Agent, RetryAgent } = load('undici');

const dispatcher = new Agent({ allowH2: false });
const url = path => new URL(path, address);
const hash = data => createHash('sha256').update(data).digest('hex').toUpperCase();

// fetch
const get = (path, options) => fetch(url(path), { dispatcher, ...options });
print('fetch', await (await get('/hello?a=1&b=%20', { headers: { 'x-custom': 'value', accept: 'application/json' } })).json());
for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']) {
  const answer = await get('/echo', { method, body: `sent by ${method}`, headers: { 'content-type': 'text/x-test' } });
  print('fetch', method, answer.headers.get('x-method'), answer.headers.get('x-framing'), answer.headers.get('content-type'), await answer.text());
}

const upload = Buffer.alloc(3_000_000, 'upload');
async function* parts() {
  for (let at = 0; at < upload.length; at += 100_000) {
    yield upload.subarray(at, at + 100_000);
  }
}

print('fetch streams up', (await (await get('/hash', { method: 'POST', body: parts(), duplex: 'half' })).text()) === hash(upload));
print('fetch streams both ways', hash(Buffer.from(await (await get('/echo', { method: 'POST', body: parts(), duplex: 'half' })).arrayBuffer())) === hash(upload));
print('fetch decodes', (await (await get('/gzip')).text()).length);
print('fetch counts', (await (await get('/download')).arrayBuffer()).byteLength);
const cookies = await get('/cookies', { headers: { cookie: 'x=1; y=2' } });
print('fetch cookies', cookies.headers.getSetCookie().map(cookie => cookie.replace(/expires=[^;]*; /, '')), await cookies.text());
for (const status of [301, 302, 303, 307, 308]) {
  const answer = await get(`/redirect/${status}?to=/echo`, { method: 'POST', body: 'again' });
  print('fetch follows', status, answer.redirected, new URL(answer.url).pathname, answer.status, await answer.text());
}

for (const status of [204, 205, 304, 404, 500]) {
  const answer = await get(`/status/${status}`);
  print('fetch', status, answer.status, (await answer.text()).length);
}

const head = await get('/download', { method: 'HEAD' });
print('fetch HEAD', head.status, head.headers.get('allow'), (await head.text()).length);
const form = new FormData();
form.set('field', 'value');
form.set('file', new Blob(['content']), 'name.txt');
const multipart = await get('/echo', { method: 'POST', body: form });
const returned = await multipart.formData();
print('fetch form', returned.get('field'), await returned.get('file').text(), returned.get('file').name);

const abort = new AbortController();
const endless = await get(`/endless/${run}`, { signal: abort.signal });
const reader = endless.body.getReader();
print('fetch reads', Buffer.from((await reader.read()).value).toString());
abort.abort();
print('fetch aborts', (await reader.read().catch(error => error)).name, (await get(`/aborted/${run}`)).status);

// request, stream, pipeline
const asked = await request(url('/hello?q=1'), { dispatcher, headers: ['x-custom', 'one', 'X-Other', 'two'] });
print('request', asked.statusCode, await asked.body.json());
const trailing = await request(url('/trailers'), { dispatcher, headers: { te: 'trailers' } });
print('request', await trailing.body.text(), 'trailers', trailing.trailers);
const recovered = await request(url(`/flaky/${run}`), { dispatcher: new RetryAgent(dispatcher, { minTimeout: 1, maxTimeout: 5, retryAfter: false }) });
print('request again', recovered.statusCode, await recovered.body.text());
const digest = createHash('sha256');
await stream(url('/download'), { dispatcher, method: 'GET' }, ({ statusCode }) => {
  print('stream', statusCode);
  return new Writable({ write(chunk, _, done) { digest.update(chunk); done(); } });
});
print('stream', digest.digest('hex'));
const piped = [];
for await (const chunk of Readable.from(parts()).pipe(pipeline(url('/echo'), { dispatcher, method: 'POST' }, ({ body }) => body))) {
  piped.push(chunk);
}

print('pipeline', hash(Buffer.concat(piped)) === hash(upload));

// Many requests on one connection before the first answer.
const client = new Client(address, { pipelining: 10, allowH2: false });
const numbers = await Promise.all(Array.from({ length: 50 }, async (_, number) => {
  const answer = await client.request({ path: `/number/${number}`, method: 'GET' });
  return Number(await answer.body.text());
}));
print('pipelining', numbers);
await client.close();

if (address.startsWith('https:')) {
  const h2 = new Client(address, { allowH2: true });
  const sizes = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(async count => {
    const answer = await h2.request({ path: '/echo', method: 'POST', body: Buffer.alloc(count * 10_000) });
    return (await answer.body.arrayBuffer()).byteLength;
  }));
  print('h2', h2.stats?.connected ?? true, sizes);
  const answer = await h2.request({ path: '/hello?h2', method: 'GET' });
  print('h2', answer.statusCode, await answer.body.json());
  await h2.close();
}

await dispatcher.close();
