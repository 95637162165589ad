import { decodeStatx, type EntryStat, statxSize } from './entry-stat.ts';

/** System calls of Linux that Node does not have. Names and paths have one character per byte. */
export interface LibC {
  /**
   * Opens what has a name in an open directory; not handed down to other programs.
   * @throws the system's error, with its `code`
   */
  readonly openAt: (directory: number, name: string, flags: number) => number;
  /**
   * What has a name in an open directory, links not followed; undefined if nothing has. There is no such call where
   * this kind of machine isn't known.
   * @throws the system's error, with its `code`
   */
  readonly statAt: ((directory: number, name: string) => EntryStat | undefined) | undefined;
  /**
   * The value of an extended attribute, links not followed; undefined where there is none, or none is kept.
   * @throws the system's error, with its `code`
   */
  readonly readAttribute: (path: Uint8Array, name: string) => Buffer | undefined;
  /**
   * Waits until the disk has everything that was written to the file system of an open file.
   * @throws the system's error, with its `code`
   */
  readonly syncFileSystem: (descriptor: number) => Promise<void>;
}

/** Bytes; the attributes that are read here have one or two. */
const mostValueBytes = 256;

/** The numbers that Linux gives to statx, which not every C library has. */
const statxNumbers: Readonly<Partial<Record<NodeJS.Architecture, number>>> = { x64: 332, arm64: 291 };
const closeOnExec = 0o2000000;
const noFollow = 0x100;
const basicStats = 0x7ff;

let loaded: Promise<LibC | undefined> | undefined;

/** The system calls; undefined where they cannot be had, as on systems other than Linux. */
export function loadLibC(): Promise<LibC | undefined> {
  loaded ??= load().catch(() => undefined);
  return loaded;
}

async function load(): Promise<LibC | undefined> {
  if (process.platform !== 'linux') return undefined;
  const { default: koffi } = await import('koffi');
  // The C library of this very process, whichever it is.
  const library = koffi.load(null);
  const getAttribute = library.func('int64 lgetxattr(void *path, const char *name, _Out_ void *value, uint64 size)');
  const syncfs = library.func('int syncfs(int descriptor)');
  const openat = library.func('int openat(int directory, void *name, int flags)');
  const statx = library.func('long syscall(long number, int directory, void *name, int flags, uint mask, void *out)');
  const statxNumber = statxNumbers[process.arch];
  const out = Buffer.alloc(statxSize);
  const { ENOENT, ENODATA, EOPNOTSUPP } = koffi.os.errno;
  const fail = (call: string, number: number): Error => {
    const [code = 'EIO'] = Object.entries(koffi.os.errno).find(([, value]) => value === number) ?? [];
    return Object.assign(new Error(`${code}: ${call} failed`), { code, syscall: call });
  };
  return {
    openAt: (directory, name, flags) => {
      const descriptor: number = openat(directory, terminate(name), flags | closeOnExec);
      if (descriptor < 0) throw fail('openat', koffi.errno());
      return descriptor;
    },
    statAt:
      statxNumber === undefined
        ? undefined
        : (directory, name) => {
            if (Number(statx(statxNumber, directory, terminate(name), noFollow, basicStats, out)) === 0) {
              return decodeStatx(out);
            }
            const number = koffi.errno();
            if (number === ENOENT) return undefined;
            throw fail('statx', number);
          },
    readAttribute: (path, name) => {
      const value = Buffer.alloc(mostValueBytes);
      const length = Number(getAttribute(Buffer.concat([path, Buffer.alloc(1)]), name, value, value.length));
      if (length >= 0) return value.subarray(0, length);
      const number = koffi.errno();
      if (number === ENODATA || number === EOPNOTSUPP) return undefined;
      throw fail('lgetxattr', number);
    },
    syncFileSystem: async (descriptor) => {
      const result = await new Promise<number>((resolve, reject) => {
        syncfs.async(descriptor, (error: Error | null, value: number) =>
          error === null ? resolve(value) : reject(error),
        );
      });
      if (result !== 0) throw fail('syncfs', koffi.os.errno.EIO ?? 5);
    },
  };
}

function terminate(name: string): Buffer {
  return Buffer.from(`${name}\0`, 'latin1');
}
