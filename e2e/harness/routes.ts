import { hostname } from 'node:os';

/** A parameter as OpenAPI describes it. */
export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path' | 'header' | 'cookie';
}

/** A call as the service's own description has it. */
export interface Route {
  readonly method: string;
  /** With `{id}` and the like. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
}

interface Operation {
  readonly parameters?: readonly Parameter[];
}

/** Every call that a service describes, so that a test of all of them forgets none. */
export async function readRoutes(url: string): Promise<Route[]> {
  const answer = await fetch(`${url}/openapi.json`);
  const { paths }: { paths: Record<string, Record<string, Operation>> } = JSON.parse(await answer.text());
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { parameters = [] }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
    })),
  );
}

/** The path with an id, and with something plausible in place of every other parameter. */
export function fillPath(path: string, id: string): string {
  return path
    .replace('{id}', id)
    .replace('{number}', '0')
    .replace('{path}', 'etc/hostname')
    .replace('{node}', hostname())
    .replace('{entry}', 'none');
}
