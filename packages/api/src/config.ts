/** Limits on what one request may bring; bytes unless said otherwise. */
export interface ServiceLimits {
  /** A script. Default 16 MiB. */
  readonly scriptBytes: number;
  /** Data, whether uploaded or fetched from a dataurl. Default 64 GiB. */
  readonly dataBytes: number;
}

/** All that the service is told from outside; read once, then frozen. */
export interface ServiceConfig {
  /** Address to listen on. Default 127.0.0.1; any other than loopback needs a password of your own. */
  readonly host: string;
  /** TCP port; 0 takes a free one. */
  readonly port: number;
  /** Folder of the database, the uploaded files and the satellite's state; made if it is missing. */
  readonly dataDir: string;
  /** As DOCKER_HOST writes it. Default: the local socket. */
  readonly dockerHost?: string;
  /** Hash of the admin's password (ADMINHASH): Django's pbkdf2_sha256 or argon2id. */
  readonly adminHash?: string;
  /** JSON file of users, a Django `auth.user` fixture. */
  readonly usersFile?: string;
  /** Address blocks (CIDR) that script and data URLs may lead to although they are denied by default. */
  readonly fetchAllow: readonly string[];
  readonly limits: ServiceLimits;
}

export const defaultLimits: ServiceLimits = Object.freeze({
  scriptBytes: 16 * 1024 ** 2,
  dataBytes: 64 * 1024 ** 3,
});
