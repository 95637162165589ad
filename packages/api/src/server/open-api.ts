import swagger from '@fastify/swagger';
import reference from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';

interface Description {
  readonly title: string;
  readonly version: string;
}

/** Serves the API's description at /openapi.json and a page to browse it at /docs, with nothing from outside. */
export async function registerOpenApi(app: FastifyInstance, { title, version }: Description): Promise<void> {
  await app.register(swagger, {
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
    transformObject: (document) => hoistSchemas('openapiObject' in document ? document.openapiObject : {}),
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.register(reference, {
    routePrefix: '/docs',
    configuration: { url: '/openapi.json', withDefaultFonts: false, telemetry: false, hideClientButton: true },
  });
}

/** Moves every schema that has an `$id` to the components and leaves a reference in its place. */
function hoistSchemas<T extends object>(document: T): T {
  const schemas: Record<string, unknown> = {};
  const hoisted = hoist(document, schemas);
  if (!isObject(hoisted) || !isObject(hoisted.components)) return document;
  const complete = { ...hoisted, components: { ...hoisted.components, schemas } };
  return Object.assign(document, complete);
}

function hoist(node: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(node)) return node.map((each) => hoist(each, schemas));
  if (!isObject(node)) return node;
  const { $id, ...rest } = node;
  const inner = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, hoist(value, schemas)]));
  if (typeof $id !== 'string') return inner;
  schemas[$id] = inner;
  return { $ref: `#/components/schemas/${$id}` };
}

function isObject(node: unknown): node is Record<string, unknown> {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}
