import { type Static, Type } from 'typebox';

const maxEnv = 1_000;
const name = '[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*';
const host = '[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?|\\[[0-9a-fA-F:]+\\](?::[0-9]{1,5})?';

/** Docker's reference grammar (distribution/reference): an optional registry host, then path components. */
export const imageNamePattern = `^(?:(?:${host})/)?${name}(?:/${name})*$`;
/** A tag, or a digest in the tag's place (`sha256:…`). */
export const imageTagPattern = '^(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|sha256:[0-9a-f]{64})$';

/** Who fetches scripturl and dataurl: the node that runs the container, or the API for a node that cannot reach them. */
export const fetchPlaces = ['node', 'api'] as const;

/** What a script or data may be fetched from; what of it is allowed is the operator's to say. */
const Url = () => Type.String({ pattern: '^(?:https?|file|s3)://[^\\s]+$', maxLength: 8_192 });

const Sha256 = (what: string) =>
  Type.String({
    pattern: '^[0-9a-fA-F]{64}$',
    description: `SHA-256 that ${what} must have, in hexadecimal; any other content is refused`,
  });

/** Text that can be handed to a process, which ends it at a NUL. */
const processText = { maxLength: 131_072, pattern: '^[^\\u0000]*$' };
const Strings = (options: object) => Type.Array(Type.String(processText), { maxItems: 1_000, ...options });

export const RegistryAuth = Type.Object(
  {
    username: Type.String({ maxLength: 256 }),
    password: Type.String({ maxLength: 8_192 }),
    serveraddress: Type.Optional(Type.String({ maxLength: 256 })),
  },
  { additionalProperties: false, description: 'Registry log-in for the pull; never shown again' },
);
export type RegistryAuth = Static<typeof RegistryAuth>;

/**
 * What a user may ask for, beside script and data. null and "" mean absent.
 * This is the shape after form fields were read; `services/submit` in the API turns requests into it.
 */
export const ContainerSpec = Type.Object(
  {
    image_name: Type.String({ pattern: imageNamePattern, maxLength: 255, examples: ['python', 'ghcr.io/org/tool'] }),
    image_tag: Type.Optional(Type.String({ pattern: imageTagPattern, default: 'latest' })),
    script: Type.Optional(Type.String({ contentEncoding: 'base64', description: 'The script itself, base64' })),
    scripturl: Type.Optional(Url()),
    script_sha256: Type.Optional(Sha256('the script')),
    scriptname: Type.Optional(
      Type.String({
        pattern: '^(?!\\.{1,2}$)[^/\\u0000-\\u001f\\u007f]+$',
        maxLength: 200,
        default: 'script',
        description: 'File name of the script below /boatload',
      }),
    ),
    dataurl: Type.Optional(Url()),
    data_sha256: Type.Optional(Sha256('the data')),
    unpack: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'false: data that are an archive are not unpacked, but placed as one file',
      }),
    ),
    fetch: Type.Optional(
      Type.Enum([...fetchPlaces], {
        default: 'node',
        description:
          'Who fetches scripturl and dataurl: the node that runs the container, or the API, once, for nodes that cannot reach them',
      }),
    ),
    data_proxy: Type.Optional(
      Type.Boolean({
        description:
          'Whether the container is told to fetch through the data proxy, by http_proxy, https_proxy and no_proxy; by default as the operator says',
      }),
    ),
    datapath: Type.Optional(
      Type.String({
        pattern: '^(?![\\s\\S]*/\\.{1,2}(?:/|$))/+(?!(?:boatload|proc|sys)(?:/|$))[^/\\u0000][^\\u0000]*$',
        maxLength: 1_024,
        default: '/data',
        description: 'Where the data lands: an absolute path, not / itself, and not in /boatload, /proc or /sys',
      }),
    ),
    container_args: Type.Optional(
      Type.Union([Type.String(processText), Strings({})], {
        description:
          'Arguments of the script, or of the image where there is no script. A string is split as a shell splits words, without a shell',
      }),
    ),
    env: Type.Optional(
      Type.Record(Type.String({ pattern: '^[^=\\u0000]+$' }), Type.String(processText), {
        maxProperties: maxEnv,
        additionalProperties: false,
      }),
    ),
    restart: Type.Optional(
      Type.String({
        pattern: '^(?:no|always|on-failure(?::[1-9][0-9]{0,5})?)$',
        default: 'no',
        description:
          'no; on-failure[:n]: a new attempt after a non-zero exit, at most n; always: restarted by the backend whenever it ends',
      }),
    ),
    retries: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000,
        default: 0,
        description: 'How many more attempts follow one that did not end with exit code 0',
      }),
    ),
    timeout: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 31_536_000, description: 'Seconds that one attempt may run' }),
    ),
    cpus: Type.Optional(Type.Number({ minimum: 0.01, maximum: 4_096, description: 'Processors, fractions allowed' })),
    memory: Type.Optional(
      Type.Union([Type.Integer({ minimum: 6_291_456 }), Type.String({ pattern: '^[0-9]+[bkmgBKMG]?$' })], {
        description: 'Bytes, or a number with b, k, m or g; at least 6m',
      }),
    ),
    labels: Type.Optional(
      Type.Record(Type.String({ minLength: 1, maxLength: 256 }), Type.String({ maxLength: 4_096 }), {
        maxProperties: 100,
        additionalProperties: false,
      }),
    ),
    name: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$', maxLength: 128, description: 'Need not be unique' }),
    ),
    workdir: Type.Optional(Type.String({ pattern: '^/[^\\u0000]*$', maxLength: 4_096 })),
    user: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?$' })),
    entrypoint: Type.Optional(
      Type.Union([Type.String(processText), Strings({})], {
        description: "Replaces the image's entrypoint; with a script, stands before it",
      }),
    ),
    interpreter: Type.Optional(
      Type.String({
        ...processText,
        maxLength: 4_096,
        examples: ['python3 -u'],
        description: 'Runs the script, over its shebang',
      }),
    ),
    pull: Type.Optional(Type.Enum(['missing', 'always', 'never'], { default: 'missing' })),
    registry_auth: Type.Optional(RegistryAuth),
    ports: Type.Optional(Type.Unknown({ description: 'Needs a backend with the capability `ports`' })),
    links: Type.Optional(Type.Unknown({ description: 'Needs a backend with the capability `links`' })),
    gpus: Type.Optional(Type.Unknown({ description: 'Needs a backend with the capability `gpus`' })),
    placement: Type.Optional(Type.Unknown({ description: 'Needs a backend with the capability `placement`' })),
    keep: Type.Optional(Type.Unknown({ description: 'Needs a backend with the capability `keep`' })),
  },
  { $id: 'ContainerSpec', additionalProperties: false },
);
export type ContainerSpec = Static<typeof ContainerSpec>;

/** Every name that a submission may use, for «did you mean». `data` and `script` may also be files of a form. */
export const containerFields: readonly string[] = [...Object.keys(ContainerSpec.properties), 'data'];
