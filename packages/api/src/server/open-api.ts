import { Problem } from '@boatload/contract';
import swagger from '@fastify/swagger';
import reference from '@scalar/fastify-api-reference';
import type { FastifyInstance, FastifySchema } from 'fastify';

interface Description {
  readonly title: string;
  readonly version: string;
}

/** Serves the API's description at /openapi.json and a page to browse it at /docs, with nothing from outside. */
export async function registerOpenApi(app: FastifyInstance, { title, version }: Description): Promise<void> {
  app.addSchema(Problem);
  await app.register(swagger, {
    transform: ({ schema, url }) => ({ schema: describeCall(schema), url: url.replace('*', ':path') }),
    openapi: {
      openapi: '3.1.0',
      info: {
        title,
        version,
        description: 'Run a script on your data in a container, and get back everything it did.',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'From POST /api-token-auth/' },
          session: { type: 'apiKey', in: 'cookie', name: 'sessionid' },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
    // Without this the contract's schemas would be called def-0, def-1 and so on.
    refResolver: { buildLocalReference: ({ $id }, _uri, _fragment, index) => nameOf($id, index) },
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(reference, {
    routePrefix: '/docs',
    hooks: {
      onRequest: (_request, reply, done) => {
        void reply.headers(fromHereOnly);
        done();
      },
    },
    configuration: { url: '/openapi.json', ...quiet },
  });
}

/** Leaves out of the page what its maker's servers would be needed for. */
const quiet = {
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
} as const;

/** The page's script knows addresses of its maker (fonts, a proxy): browsers keep it from all of them. */
const fromHereOnly = {
  'content-security-policy':
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const;

/** A call's schema with the answer that every call may give, and `path` for what the router calls `*`. */
function describeCall(schema: FastifySchema): FastifySchema {
  const problem = {
    description: 'Any error',
    content: { 'application/problem+json': { schema: { $ref: 'Problem#' } } },
  };
  const response = { ...recordOf(schema.response ?? { 200: unsaid }), default: problem };
  const { properties, ...params } = recordOf(schema.params);
  if (properties === undefined) return { ...schema, response };
  const { '*': path, ...others } = recordOf(properties);
  const named = path === undefined ? others : { ...others, path };
  return { ...schema, response, params: { ...params, type: 'object', properties: named } };
}

/** What a successful call answers where its schema does not say. */
const unsaid = { description: 'Done', type: 'null' };

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function nameOf(id: unknown, index: number): string {
  return typeof id === 'string' ? id : `schema-${index}`;
}
