// Makes pictures of the dashboards: weeks of simulated history in a real Prometheus,
// drawn by Grafana's components in a headless Chromium.
//
//	node preview.mjs --prometheus=.bin/prometheus --promtool=.bin/promtool --history=FILE --dashboards=DIR --out=DIR
//
// The history is OpenMetrics text, as "go run ./tools/history" writes it.
import { build } from 'esbuild';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const here = import.meta.dirname;
const { values: flags } = parseArgs({
  options: {
    prometheus: { type: 'string' },
    promtool: { type: 'string' },
    history: { type: 'string' },
    end: { type: 'string', default: '2026-03-18T14:30:00Z' },
    dashboards: { type: 'string' },
    out: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    only: { type: 'string', default: '' },
    instance: { type: 'string', default: 'main' },
  },
});

// What is looked at: with one workspace, as most have, and with all.
const views = [
  { name: 'abandonment', chosen: { instance: flags.instance ? [flags.instance] : [] } },
  { name: 'exporter', chosen: {} },
];
const size = { width: 1920, height: 1080 };

const scratch = mkdtempSync(join(tmpdir(), 'livechat-preview-'));
const cleaning = [() => rmSync(scratch, { recursive: true, force: true })];
try {
  await main();
} finally {
  for (const clean of cleaning.reverse()) {
    await clean();
  }
}

async function main() {
  const prometheus = await startPrometheus();
  const page = await bundle();
  const server = createServer((request, response) => {
    const [type, body] = { '/': ['text/html', page.html], '/app.js': ['text/javascript', page.js], '/app.css': ['text/css', page.css] }[request.url] ?? [];
    response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': type ?? 'text/plain' }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleaning.push(() => server.close());

  const browser = await chromium.launch({
    executablePath: flags.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  cleaning.push(() => browser.close());
  mkdirSync(flags.out, { recursive: true });
  for (const { name, chosen } of views.filter((v) => v.name.includes(flags.only))) {
    const dashboard = JSON.parse(readFileSync(join(flags.dashboards, `livechat-${name}.json`), 'utf8'));
    for (const dark of [true, false]) {
      const options = { dashboard, prometheus, now: Date.parse(flags.end) / 1000, chosen, dark, width: size.width - 32 };
      await picture(browser, `http://127.0.0.1:${server.address().port}/`, options, `${name}-${dark ? 'dark' : 'light'}`);
    }
  }
}

/** Takes a picture of the screen, and one of the whole page if that is longer. */
async function picture(browser, address, options, name) {
  const context = await browser.newContext({ viewport: size, timezoneId: 'UTC', locale: 'en-GB' });
  const page = await context.newPage();
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.stack));
  await page.addInitScript((o) => { window.preview = o; }, options);
  await page.goto(address);
  await page.waitForFunction(() => window.preview.done || window.preview.failed, undefined, { timeout: 120_000 });
  const failed = await page.evaluate(() => window.preview.failed);
  if (failed || errors.length) {
    throw new Error(`${name}: ${failed ?? errors[0]}`);
  }
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await save(page, join(flags.out, `${name}.png`));
  if (height > size.height) {
    await page.setViewportSize({ ...size, height });
    await page.waitForTimeout(1500);
    await save(page, join(flags.out, `${name}-full.png`));
  }
  await context.close();
}

/** Saves a picture with no more colours than it needs to be small. */
async function save(page, file) {
  writeFileSync(file, execFileSync('pngquant', ['--speed=1', '--quality=70-95', '-'], { input: await page.screenshot(), maxBuffer: 1 << 26 }));
}

async function startPrometheus() {
  const data = join(scratch, 'data');
  const config = join(scratch, 'prometheus.yml');
  writeFileSync(config, '{}');
  execFileSync(flags.promtool, ['tsdb', 'create-blocks-from', 'openmetrics', '--max-block-duration=720h', '--quiet', flags.history, data], { stdio: 'inherit' });
  const server = spawn(flags.prometheus, [
    `--config.file=${config}`, `--storage.tsdb.path=${data}`, '--storage.tsdb.retention.time=100y', '--web.listen-address=127.0.0.1:0',
  ]);
  cleaning.push(() => new Promise((resolve) => { server.on('exit', resolve); server.kill(); }));
  let log = '';
  const address = await new Promise((resolve, reject) => {
    server.on('exit', () => reject(new Error(`Prometheus has ended:\n${log}`)));
    server.stderr.on('data', (text) => {
      log += text;
      const found = /msg="Listening on".* address=(\S+)/.exec(log);
      if (found && log.includes('Server is ready')) {
        resolve(`http://${found[1]}`);
      }
    });
  });
  return address;
}

/** The page and all that it loads. */
async function bundle() {
  const result = await build({
    entryPoints: [join(here, 'src', 'app.jsx')],
    bundle: true,
    write: false,
    outdir: scratch,
    jsx: 'automatic',
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    loader: { '.svg': 'dataurl', '.woff': 'empty', '.woff2': 'empty', '.ttf': 'empty' },
    logLevel: 'warning',
    plugins: [{ name: 'default exports', setup: defaultExports }],
  });
  const text = (suffix) => result.outputFiles.find((f) => f.path.endsWith(suffix))?.text ?? '';
  return {
    js: text('.js'),
    css: text('.css'),
    html: '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/app.css"><style>body{margin:0}</style><div id="root"></div><script src="/app.js"></script>',
  };
}

// Packages whose default export an .mjs file finds one level too deep, as Node does.
function defaultExports({ onResolve, onLoad }) {
  const names = /^(react-custom-scrollbars-2|react-highlight-words|react-inlinesvg)$/;
  onResolve({ filter: names }, (args) => (args.namespace === 'default' ? undefined : { path: args.path, namespace: 'default' }));
  onLoad({ filter: /.*/, namespace: 'default' }, (args) => ({
    contents: `import * as all from ${JSON.stringify(args.path)}; const found = all.default ?? all; export default found.default ?? found;`,
    resolveDir: here,
  }));
}
