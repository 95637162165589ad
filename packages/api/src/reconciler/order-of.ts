import type { AttemptOrder, AttemptRef, DataOrder, ScriptOrder } from '@boatload/contract';
import type { Submission } from '../store/records.ts';

/** What a satellite must be told to bring one attempt of a submission to its start. */
export function orderOf(submission: Submission, ref: AttemptRef): AttemptOrder {
  const { image, script, scriptname, scriptFile, interpreter, data, dataName, ...others } = submission;
  const { restart, retries, timeout, name, ...asAsked } = others;
  return {
    ...asAsked,
    ref,
    image: imageReferenceOf(image),
    restartAlways: restart.policy === 'always',
    ...scriptPart(submission),
    ...dataPart(submission),
  };
}

function imageReferenceOf({ name, tag }: Submission['image']): string {
  return tag.startsWith('sha256:') ? `${name}@${tag}` : `${name}:${tag}`;
}

function scriptPart(submission: Submission): { readonly script?: ScriptOrder } {
  const { script: source, scriptname: name = 'script', scriptFile, interpreter } = submission;
  if (source === undefined) return {};
  const fileName = scriptFile === undefined ? {} : { fileName: scriptFile };
  return { script: { name, source, ...fileName, ...(interpreter === undefined ? {} : { interpreter }) } };
}

function dataPart({ data: source, dataName }: Submission): { readonly data?: DataOrder } {
  if (source === undefined) return {};
  return { data: dataName === undefined ? { source } : { source, fileName: dataName } };
}
