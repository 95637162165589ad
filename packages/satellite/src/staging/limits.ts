/** How much staging takes in. Sizes are in bytes. */
export interface StagingLimits {
  /** Of a script that is fetched. Default 16 MiB. */
  readonly scriptBytes: number;
  /** Of data before they are unpacked. Default 64 GiB. */
  readonly dataBytes: number;
  /** Of all that an archive unpacks to. Default 64 GiB. */
  readonly unpackedBytes: number;
  /** How many entries an archive may have. Default 1,000,000. */
  readonly entries: number;
  /** How many times its own size an archive may unpack to. Default 1,000. */
  readonly ratio: number;
  /** What every archive may unpack to, however small it is. Default 64 MiB. */
  readonly ratioFloor: number;
}

const mebibyte = 1_048_576;

export const defaultLimits: StagingLimits = {
  scriptBytes: 16 * mebibyte,
  dataBytes: 65_536 * mebibyte,
  unpackedBytes: 65_536 * mebibyte,
  entries: 1_000_000,
  ratio: 1_000,
  ratioFloor: 64 * mebibyte,
};
