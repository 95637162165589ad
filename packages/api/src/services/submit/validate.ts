import { BoatLoadError, ContainerSpec } from '@boatload/contract';
import { Compile } from 'typebox/compile';

const compiled = Compile(ContainerSpec);

/** What a field must look like, in words; said whenever its value is refused. */
const hints: Readonly<Record<string, string>> = {
  image_name:
    'must be the name of an image without its tag, like "python" or "ghcr.io/org/tool"; the tag goes to image_tag',
  image_tag: 'must be a tag like "3.12-slim", or a digest "sha256:…"',
  script: 'must be the script in base64, or a file of a multipart form',
  scripturl: 'must be an http, https, file or s3 URL',
  script_sha256: 'must be 64 hexadecimal digits, as sha256sum prints them',
  scriptname: 'must be a plain file name without "/", of at most 200 characters and 255 bytes',
  dataurl: 'must be an http, https, file or s3 URL',
  data_sha256: 'must be 64 hexadecimal digits, as sha256sum prints them',
  unpack: 'must be true or false',
  fetch: 'must be "node" or "api"',
  data_proxy: 'must be true or false',
  datapath: 'must be an absolute path other than "/", not in "/boatload", "/proc" or "/sys", without "." or ".." in it',
  container_args: 'must be text or a list of texts',
  env: 'must be an object of at most 1,000 names with text values',
  restart: 'must be "no", "on-failure", "on-failure:N" or "always"',
  retries: 'must be a whole number from 0 to 1,000',
  timeout: 'must be a number of seconds greater than 0',
  cpus: 'must be a number of processors, at least 0.01',
  memory: 'must be a number of bytes, or text like "512m" or "2g"; at least 6m',
  labels: 'must be an object of at most 100 names with text values',
  name: 'must begin with a letter or digit and hold only letters, digits, "_", "." and "-"',
  workdir: 'must be an absolute path',
  user: 'must be a name or number, or two of them as "user:group"',
  entrypoint: 'must be text or a list of texts',
  interpreter: 'must be text like "python3 -u"',
  pull: 'must be "missing", "always" or "never"',
  registry_auth: 'must be an object with username and password',
};

/** What no pattern can tell of a text. */
const textChecks: Readonly<Record<string, (text: string) => boolean>> = {
  scripturl: (text) => URL.canParse(text),
  dataurl: (text) => URL.canParse(text),
  scriptname: (text) => Buffer.byteLength(text) <= 255,
};

/**
 * Checks the fields of a submission against the contract.
 * @throws invalid_field naming every field at fault, the first one as `field`
 */
export function validateSpec(fields: Readonly<Record<string, unknown>>): ContainerSpec {
  if (fields.image_name === undefined) {
    throw new BoatLoadError('invalid_field', 'image_name is required: the image to run, like "python".', {
      field: 'image_name',
    });
  }
  const faults = faultsOf(fields);
  if (compiled.Check(fields) && Object.keys(faults).length === 0) return fields;
  const first = Object.keys(faults)[0] ?? 'image_name';
  throw new BoatLoadError('invalid_field', faults[first]?.[0] ?? 'A field is not valid.', {
    field: first,
    fields: faults,
  });
}

function faultsOf(fields: Readonly<Record<string, unknown>>): Record<string, string[]> {
  const paths = compiled.Check(fields) ? [] : compiled.Errors(fields).map(({ instancePath }) => instancePath);
  const mismatched = paths.map((path) => path.split('/')[1] ?? '').filter((name) => name !== '');
  const misread = Object.entries(textChecks).flatMap(([name, fits]) => {
    const value = fields[name];
    return typeof value !== 'string' || fits(value) ? [] : [name];
  });
  const names = new Set([...mismatched, ...misread]);
  return Object.fromEntries([...names].map((name) => [name, [`${name} ${hints[name] ?? 'is not valid'}.`]]));
}
