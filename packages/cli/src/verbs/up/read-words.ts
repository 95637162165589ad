import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CacheQuota } from '@boatload/api';
import { InvalidArgumentError } from 'commander';
import { parseSize } from '../../amounts.ts';

/** What stands behind an option, as a value: each refuses what it cannot read, in words that follow the option's name. */

/** @throws InvalidArgumentError */
export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a number from 0 to 65535.');
}

/** Reads a list with commas into those of the same option before it. */
export function collectWords(text: string, before: readonly string[]): readonly string[] {
  const words = text.split(',').map((word) => word.trim());
  return [...before, ...words.filter((word) => word !== '')];
}

/** @throws InvalidArgumentError where there is no such folder */
export function collectFolders(text: string, before: readonly string[]): readonly string[] {
  const folders = collectWords(text, []).map((folder) => resolve(folder));
  const missing = folders.find((folder) => !isFolder(folder));
  if (missing === undefined) return [...before, ...folders];
  throw new InvalidArgumentError(`There is no folder ${missing}: make it, or name another one.`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** `bucket`, or `bucket/prefix/` with the slash at its end: a prefix is a folder, not the beginning of any name. */
export function collectBuckets(text: string, before: readonly string[]): readonly string[] {
  return [...before, ...collectWords(text, []).map(readBucket)];
}

function readBucket(word: string): string {
  const [, bucket = '', prefix = ''] = /^(?:s3:\/\/)?([a-z0-9][\w.-]+)(?:\/+(.*))?$/i.exec(word) ?? [];
  if (bucket === '') throw new InvalidArgumentError(`"${word}" is no bucket: write it like data or data/2026.`);
  return prefix === '' ? bucket : `${bucket}/${prefix.replace(/\/*$/, '/')}`;
}

/** @throws InvalidArgumentError */
export function readQuota(text: string): CacheQuota {
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim()) ?? [];
  if (percent !== undefined) {
    const share = Number(percent) / 100;
    if (share > 0 && share <= 1) return { share };
    throw new InvalidArgumentError('It must be above 0% and at most 100%.');
  }
  const bytes = parseSize(text);
  if (bytes !== undefined && bytes > 0) return { bytes };
  throw new InvalidArgumentError('Write it like 200g, 1.5t or 50%.');
}

/** @throws InvalidArgumentError */
export function readProxy(text: string): string {
  const url = parseProxy(text);
  if (url !== undefined) return url;
  throw new InvalidArgumentError('Write it like http://proxy.example.org:3128.');
}

/** `none`, or a proxy. */
export function readProxyOrNone(text: string): string {
  return text.trim() === 'none' ? 'none' : readProxy(text);
}

/** The URL of a proxy, which is http: where it names no scheme. Undefined: it is none that can be used. */
export function parseProxy(text: string): string | undefined {
  const trimmed = text.trim();
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, pathname, search, href } = new URL(url);
  const plain = hostname !== '' && pathname === '/' && search === '';
  return plain && (protocol === 'http:' || protocol === 'https:') ? href.replace(/\/$/, '') : undefined;
}

/** @throws InvalidArgumentError */
export function readYesNo(text: string): boolean {
  if (/^(?:yes|true|on|1)$/i.test(text)) return true;
  if (/^(?:no|false|off|0|)$/i.test(text)) return false;
  throw new InvalidArgumentError('It must be yes or no.');
}
