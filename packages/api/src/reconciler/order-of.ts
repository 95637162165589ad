import type { AttemptOrder, AttemptRef, DataOrder, ScriptOrder, Source } from '@boatload/contract';
import type { FetchedBlob, StoredContainer, Submission } from '../store/records.ts';

type Ordered = Pick<StoredContainer, 'submission' | 'fetched'>;

/**
 * What a satellite must be told to bring one attempt of a container to its start. What the API has fetched for it
 * comes from there.
 */
export function orderOf({ submission, fetched }: Ordered, ref: AttemptRef): AttemptOrder {
  const { image, script, scriptname, scriptFile, interpreter, data, dataName, unpack, ...others } = submission;
  const { restart, retries, timeout, name, fetch, dataProxy, ...asAsked } = others;
  return {
    ...asAsked,
    ref,
    image: imageReferenceOf(image),
    restartAlways: restart.policy === 'always',
    ...(dataProxy === true ? { dataProxy } : {}),
    ...scriptPart(submission, fetched.script),
    ...dataPart(submission, fetched.data),
  };
}

function imageReferenceOf({ name, tag }: Submission['image']): string {
  return tag.startsWith('sha256:') ? `${name}@${tag}` : `${name}:${tag}`;
}

function scriptPart(submission: Submission, fetched: FetchedBlob | undefined): { readonly script?: ScriptOrder } {
  const { script, scriptname: name = 'script', scriptFile = fetched?.fileName, interpreter } = submission;
  if (script === undefined) return {};
  const fileName = scriptFile === undefined ? {} : { fileName: scriptFile };
  const source = fetched === undefined ? script : blobSourceOf(fetched);
  return { script: { name, source, ...fileName, ...(interpreter === undefined ? {} : { interpreter }) } };
}

function dataPart(submission: Submission, fetched: FetchedBlob | undefined): { readonly data?: DataOrder } {
  const { data, dataName = fetched?.fileName, unpack } = submission;
  if (data === undefined) return {};
  const fileName = dataName === undefined ? {} : { fileName: dataName };
  const source = fetched === undefined ? data : blobSourceOf(fetched);
  return { data: { source, ...fileName, ...(unpack === false ? { unpack } : {}) } };
}

function blobSourceOf({ digest, size }: FetchedBlob): Source {
  return { kind: 'blob', digest, size };
}
