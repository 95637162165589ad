import { encodeTarHeader, type TarType, tarEnd, tarPadding } from '@boatload/engine';

export interface TarMember {
  readonly name: string;
  /** Default `file`. */
  readonly type?: TarType;
  readonly content?: string | Uint8Array;
  /** Of a symbolic or hard link. */
  readonly target?: string;
}

/** Makes a tar archive of any names and types. */
export function makeTar(members: readonly TarMember[]): Buffer<ArrayBuffer> {
  return Buffer.concat([...members.flatMap(encode), tarEnd]);
}

function encode({ name, type = 'file', content = '', target }: TarMember): Buffer[] {
  const body = Buffer.from(content);
  const header = encodeTarHeader({
    path: Buffer.from(name),
    type,
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: body.length,
    mtime: new Date(1_700_000_000_000),
    ...(target === undefined ? {} : { linkPath: Buffer.from(target) }),
    ...(type === 'char' || type === 'block' ? { device: { major: 1, minor: 3 } } : {}),
  });
  return [header, body, tarPadding(body.length)];
}
