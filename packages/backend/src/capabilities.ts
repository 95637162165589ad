/**
 * What backends differ in. A submission that uses a field whose capability is false is refused with
 * `unsupported_by_backend`, the field and the backend named.
 */
export interface BackendCapabilities {
  /** Published ports and endpoints. */
  readonly ports: boolean;
  /** Links between containers. */
  readonly links: boolean;
  /** Graphics processors. */
  readonly gpus: boolean;
  /** A choice of node. */
  readonly placement: boolean;
  /** Results kept beyond the container and its node. */
  readonly keep: boolean;
}
