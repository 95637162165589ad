import { BoatLoadError } from '@boatload/contract';

const contradiction = 'it has a hard link to a file that is not in it, or a file and a directory of one name';

/** What the file system refuses because of what is in the archive. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: contradiction,
  ENOTDIR: contradiction,
  EISDIR: contradiction,
  EEXIST: contradiction,
  ELOOP: contradiction,
  EMLINK: "it has more hard links to one file than the node's file system can keep",
  ENAMETOOLONG: "it has a name that is too long for the node's file system",
  EILSEQ: "it has a name that the node's file system cannot keep",
};

/** What a failure of the file system, while an archive's entry was placed, means to who sent the archive. */
export function explainFailure(error: unknown): unknown {
  if (error instanceof BoatLoadError) return error;
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const text = "The node's disk is full: the data do not fit. Remove what is no longer needed, then submit again.";
    return new BoatLoadError('resources_unavailable', text, { cause: error });
  }
  const reason = reasons[code];
  if (reason === undefined) return error;
  const text = `The archive cannot be unpacked: ${reason}. Pack it again.`;
  return new BoatLoadError('archive_invalid', text, { field: 'data', cause: error });
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
