// Makes pictures of the dashboards: weeks of simulated history in a real Prometheus,
// drawn by Grafana's components in a headless Chromium.
//
//	node preview.mjs --bin=.bin --dashboards=dashboards --out=DIR
//
// In the folder of the programs it keeps the data of each weather, so that a picture can
// be taken again of the same data.
import { build } from 'esbuild';
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const here = import.meta.dirname;
const { values: flags } = parseArgs({
  options: {
    bin: { type: 'string' },
    dashboards: { type: 'string' },
    out: { type: 'string' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
    only: { type: 'string', default: '' },
    light: { type: 'boolean', default: false },
  },
});

const afternoon = '2026-03-18T14:30:00Z';
const main = ['main'];

// What is looked at: a weather of tools/history, when it ends, which workspaces, and whether
// all rows are open.
const views = [
  { weather: 'spike', end: afternoon, dashboard: 'abandonment', instance: main },
  { weather: 'spike', end: afternoon, dashboard: 'abandonment', instance: main, open: true },
  { weather: 'calm', end: '2026-03-19T02:40:00Z', dashboard: 'abandonment', instance: main },
  { weather: 'dead', end: afternoon, dashboard: 'abandonment', instance: main },
  { weather: 'off', end: afternoon, dashboard: 'abandonment', instance: main },
  { weather: 'one', end: afternoon, dashboard: 'abandonment', instance: [] },
  { weather: 'many', end: afternoon, dashboard: 'abandonment', instance: [] },
  { weather: 'three', end: afternoon, dashboard: 'abandonment', instance: [] },
  { weather: 'first', end: '2026-03-19T03:00:00Z', dashboard: 'abandonment', instance: main },
  { weather: 'three', end: afternoon, dashboard: 'exporter', instance: [] },
  { weather: 'dead', end: afternoon, dashboard: 'exporter', instance: [] },
  { weather: 'off', end: afternoon, dashboard: 'exporter', instance: [] },
];
const nameOf = (view) => `${view.dashboard}-${view.weather}${view.open ? '-open' : ''}`;
const size = { width: 1920, height: 1080 };

const scratch = mkdtempSync(join(tmpdir(), 'livechat-preview-'));
const cleaning = [() => rmSync(scratch, { recursive: true, force: true })];
try {
  await run();
} finally {
  for (const clean of cleaning.reverse()) {
    await clean();
  }
}

async function run() {
  const page = await bundle();
  const server = createServer((request, response) => {
    const [type, body] = { '/': ['text/html', page.html], '/app.js': ['text/javascript', page.js], '/app.css': ['text/css', page.css] }[request.url] ?? [];
    response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': type ?? 'text/plain' }).end(body);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  cleaning.push(() => server.close());

  const browser = await chromium.launch({
    executablePath: flags.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  cleaning.push(() => browser.close());
  mkdirSync(flags.out, { recursive: true });
  for (const view of views.filter((v) => nameOf(v).includes(flags.only))) {
    const prometheus = await startPrometheus(store(view));
    const dashboard = JSON.parse(readFileSync(join(flags.dashboards, `livechat-${view.dashboard}.json`), 'utf8'));
    for (const dark of flags.light ? [true, false] : [true]) {
      const options = {
        dashboard, open: view.open ?? false, prometheus: prometheus.address, now: Date.parse(view.end) / 1000, chosen: { instance: view.instance }, dark, width: size.width - 32,
      };
      await picture(browser, `http://127.0.0.1:${server.address().port}/`, options, `${nameOf(view)}${dark ? '' : '-light'}`);
    }
    await prometheus.stop();
  }
}

/** The data folder of a view, made unless it is there. */
function store({ weather, end }) {
  const folder = resolve(flags.bin, 'weather', weather);
  if (!existsSync(folder)) {
    mkdirSync(dirname(folder), { recursive: true });
    const history = join(scratch, `${weather}.om`);
    const command = (name, ...more) => ['run', `./tools/${name}`, `-end=${end}`, ...more];
    const out = openSync(history, 'w');
    execFileSync('go', command('history', `-weather=${weather}`), { stdio: ['ignore', out, 'inherit'] });
    closeSync(out);
    const making = `${folder}.making`;
    rmSync(making, { recursive: true, force: true });
    execFileSync('go', command('stored', `-promtool=${flags.bin}/promtool`, `-prometheus=${flags.bin}/prometheus`, `-history=${history}`, `-out=${making}`), { stdio: 'inherit' });
    rmSync(history);
    renameSync(making, folder);
  }
  return folder;
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

/** Starts a Prometheus on stored data. */
async function startPrometheus(data) {
  const config = join(scratch, 'prometheus.yml');
  writeFileSync(config, '{}');
  const server = spawn(`${flags.bin}/prometheus`, [
    `--config.file=${config}`, `--storage.tsdb.path=${data}`, '--storage.tsdb.retention.time=100y', '--web.listen-address=127.0.0.1:0',
  ]);
  const ended = new Promise((done) => server.on('exit', done));
  const stop = () => { server.kill(); return ended; };
  cleaning.push(stop);
  let log = '';
  const address = await new Promise((ready, reject) => {
    server.on('exit', () => reject(new Error(`Prometheus has ended:\n${log}`)));
    server.stderr.on('data', (text) => {
      log += text;
      const found = /msg="Listening on".* address=(\S+)/.exec(log);
      if (found && log.includes('Server is ready')) {
        ready(`http://${found[1]}`);
      }
    });
  });
  return { address, stop };
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
    html: '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/app.css"><style>*{box-sizing:border-box}body{margin:0}</style><div id="root"></div><script src="/app.js"></script>',
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
