import type { ContainerSpec } from '@boatload/contract';
import type { Submission } from '../../store/records.ts';
import { parseMemory } from './memory.ts';
import { sourceOf } from './origins.ts';
import type { UploadedFile } from './request.ts';
import { splitWords } from './words.ts';

/** Script and data as they stand in the blob store or at a URL. */
export interface SubmittedFiles {
  readonly script?: UploadedFile;
  readonly data?: UploadedFile;
}

/**
 * Turns a checked request into what is kept: defaults filled in, text split into words, units into bytes.
 * @throws invalid_field
 */
export function normaliseSpec(spec: ContainerSpec, files: SubmittedFiles): Submission {
  const script = sourceOf('script', { file: files.script, url: spec.scripturl, sha256: spec.script_sha256 });
  const data = sourceOf('data', { file: files.data, url: spec.dataurl, sha256: spec.data_sha256 });
  const datapath = spec.datapath ?? (script === undefined && data === undefined ? undefined : '/data');
  return {
    image: { name: spec.image_name, tag: spec.image_tag ?? 'latest' },
    pull: spec.pull ?? 'missing',
    args: splitWords('container_args', spec.container_args ?? []),
    env: { ...spec.env },
    labels: { ...spec.labels },
    restart: parseRestart(spec.restart ?? 'no'),
    retries: spec.retries ?? 0,
    ...optional('registryAuth', spec.registry_auth),
    ...optional('script', script),
    ...(script === undefined ? {} : { scriptname: spec.scriptname ?? 'script' }),
    ...(script === undefined ? {} : optional('scriptFile', fileNameOf(files.script, spec.scripturl))),
    ...optional('data', data),
    ...optional('dataName', dataNameOf(files.data)),
    ...(spec.unpack === false ? { unpack: false } : {}),
    ...(spec.fetch === 'api' ? { fetch: 'api' } : {}),
    ...optional('dataProxy', spec.data_proxy),
    ...optional('datapath', datapath === undefined ? undefined : trimSlashes(datapath)),
    ...optional('entrypoint', wordsOf('entrypoint', spec.entrypoint)),
    ...optional('interpreter', wordsOf('interpreter', spec.interpreter)),
    ...optional('timeout', spec.timeout),
    ...optional('cpus', spec.cpus),
    ...optional('memory', spec.memory === undefined ? undefined : parseMemory(spec.memory)),
    ...optional('name', spec.name),
    ...optional('workdir', spec.workdir),
    ...optional('user', spec.user),
  };
}

/** The name under which the script was submitted: its extension may choose the interpreter. */
function fileNameOf(file: UploadedFile | undefined, url: string | undefined): string | undefined {
  const name = url === undefined ? file?.fileName : (URL.parse(url)?.pathname.split('/').at(-1) ?? '');
  return name === undefined || name === '' ? undefined : name;
}

function dataNameOf(file: UploadedFile | undefined): string | undefined {
  return file === undefined || file.fileName === '' ? undefined : file.fileName;
}

function wordsOf(field: string, value: string | readonly string[] | undefined): string[] | undefined {
  const words = value === undefined ? [] : splitWords(field, value);
  return words.length === 0 ? undefined : words;
}

function trimSlashes(path: string): string {
  return path.replaceAll(/\/{2,}/g, '/').replace(/\/$/, '');
}

function parseRestart(text: string): Submission['restart'] {
  const [policy, max] = text.split(':');
  if (policy === 'always') return { policy: 'always' };
  if (policy !== 'on-failure') return { policy: 'no' };
  return max === undefined ? { policy: 'on-failure' } : { policy: 'on-failure', max: Number(max) };
}

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  const part: Partial<Record<K, V>> = {};
  if (value !== undefined) part[key] = value;
  return part;
}
