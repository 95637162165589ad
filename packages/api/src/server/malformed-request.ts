import type { Socket } from 'node:net';
import { BoatLoadError, problemOf } from '@boatload/contract';

/**
 * Answers what is no HTTP request, before there is a request to answer; then the connection is closed, because
 * nobody knows where the next request would begin.
 */
export function answerMalformed(error: Error, socket: Socket): void {
  if (!socket.writable || ('code' in error && error.code === 'ECONNRESET')) {
    socket.destroy();
    return;
  }
  const problem = problemOf(new BoatLoadError('bad_request', adviceFor(error)));
  const body = JSON.stringify(problem);
  socket.end(
    [
      'HTTP/1.1 400 Bad Request',
      'Content-Type: application/problem+json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function adviceFor(error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'HPE_HEADER_OVERFLOW')
    return 'The headers and the URL together are larger than 16 KiB: send less in them.';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'The request did not arrive in time: send it again.';
  return 'What was sent is not HTTP/1.1: check that no TLS is spoken here, and what lies between.';
}
