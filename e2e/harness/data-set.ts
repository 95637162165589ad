import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { encodeTarHeader, tarEnd } from '@boatload/engine';

export interface DataSet {
  readonly files: number;
  /** Bytes of each file; a multiple of 512. */
  readonly fileBytes: number;
}

/** A tar of many files, made as it is sent: `d<n>/f<i>`, a hundred of them in a directory. */
export interface DataServer extends AsyncDisposable {
  readonly url: string;
  /** How often the tar was sent. */
  readonly downloads: () => number;
  /** Bytes of the files together. */
  readonly bytes: number;
}

/** The path of a file below the data set. */
export function dataPath(index: number): string {
  return `d${Math.floor(index / 100)}/f${index}`;
}

/** Serves a data set on loopback, whole for each request that does not have it already. */
export async function serveDataSet(set: DataSet): Promise<DataServer> {
  let downloads = 0;
  const server = createServer((request, response) => {
    if (request.headers['if-none-match'] === etag) return response.writeHead(304, { etag }).end();
    downloads += 1;
    response.writeHead(200, { 'content-length': tarBytes(set), etag });
    // Whoever goes away before the end is no fault of the server's.
    return pipeline(packTar(set), response).catch(() => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/data-set.tar`,
    downloads: () => downloads,
    bytes: set.files * set.fileBytes,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

const etag = '"data-set"';

function tarBytes({ files, fileBytes }: DataSet): number {
  return files * (512 + fileBytes) + tarEnd.length;
}

function* packTar({ files, fileBytes }: DataSet): Generator<Uint8Array> {
  for (let index = 0; index < files; index += 1) {
    const path = Buffer.from(dataPath(index));
    yield encodeTarHeader({ path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: fileBytes, mtime: new Date(1e12) });
    yield contentOf(index, fileBytes);
  }
  yield tarEnd;
}

/** Another content for each file. */
function contentOf(index: number, bytes: number): Buffer {
  return Buffer.alloc(bytes, `${index} of the data set\n`);
}
