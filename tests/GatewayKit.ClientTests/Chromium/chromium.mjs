// Opens the page in Chromium and prints what it found. The certificate's key is all that the browser is told to trust.
import { load, print, address, run } from './client.mjs';
const { chromium } = load('playwright-core');

const [other, version, key] = process.argv.slice(4);
const browser = await chromium.launch({
  executablePath: process.env.GATEWAYKIT_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
    `--ignore-certificate-errors-spki-list=${key}`,
    ...(version === 'h2' ? [] : ['--disable-http2']),
  ],
});
try {
  const page = await browser.newPage();
  page.on('pageerror', error => print('page error', error.message));
  await page.goto(new URL(`/page?${new URLSearchParams({ run, other, version })}`, address).href);
  for (const line of await page.evaluate(() => globalThis.finished)) {
    console.log(line);
  }

  // A navigation that the server turns into a download, and one that it redirects.
  const [download] = await Promise.all([page.waitForEvent('download'), page.evaluate(() => { location = '/attachment'; })]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) {
    chunks.push(chunk);
  }

  print('download', download.suggestedFilename(), Buffer.concat(chunks).length);
  const answer = await page.goto(new URL('/redirect/302?to=/hello', address).href);
  print('navigation', answer.status(), new URL(page.url()).pathname);
} finally {
  await browser.close();
}
