import { errorCodes } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';

/** GET /docs/errors: what every problem's `type` points to. */
export function errorsRoute(app: FastifyInstance): void {
  const page = renderPage();
  app.get('/docs/errors', { schema: { hide: true } }, (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(page),
  );
}

function renderPage(): string {
  const rows = Object.entries(errorCodes).map(
    ([code, { status, title, retryable }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${title}</td><td>${retryable ? 'yes' : 'no'}</td></tr>`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>BoatLoad: errors</title>
<style>body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color-scheme:light dark}td,th{text-align:left;padding:.2rem 1rem .2rem 0}tr:target{outline:2px solid}</style>
<h1>Errors</h1><p>Every error has a stable <code>code</code>; match on it. The sentence in <code>detail</code> says what to do.</p>
<table><thead><tr><th>code</th><th>HTTP</th><th>meaning</th><th>may succeed later unchanged</th></tr></thead><tbody>${rows.join('')}</tbody></table></html>`;
}
