import { encodeTarHeader, type TarHeader, tarEnd, tarPadding } from '@boatload/engine';

/** An entry of a tar, right or wrong. Names have one character for each byte. */
export interface TarMember extends Partial<Omit<TarHeader, 'path' | 'linkPath'>> {
  readonly path: string;
  readonly link?: string;
  readonly body?: string | Buffer;
}

/** Encodes one entry with its body. */
export function tarMember({ path, link, body = '', ...header }: TarMember, mtime = new Date(0)): Buffer {
  const content = Buffer.from(body);
  return Buffer.concat([
    encodeTarHeader({
      type: 'file',
      mode: 0o644,
      uid: 1,
      gid: 2,
      mtime,
      size: content.length,
      ...header,
      path: Buffer.from(path, 'latin1'),
      ...(link === undefined ? {} : { linkPath: Buffer.from(link, 'latin1') }),
    }),
    content,
    tarPadding(content.length),
  ]);
}

/** Makes a tar of any names and types. */
export function makeTar(members: readonly TarMember[], { mtime = new Date(0) } = {}): Buffer {
  return Buffer.concat([...members.map((member) => tarMember(member, mtime)), tarEnd]);
}
