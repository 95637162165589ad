import { describe, expect, it } from 'vitest';
import { convertCreateFailure, convertRefusal, convertStartFailure } from '../src/index.ts';

const subject = { image: 'tool:1', command: 'run-me', workdir: '/work' };
const runc =
  'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ';

describe('a start that the Engine refused', () => {
  it.each<[string, string, string]>([
    [`${runc}exec: "nope": executable file not found in $PATH: unknown`, 'command_not_found', 'nope'],
    [`${runc}exec: "/nope": stat /nope: no such file or directory: unknown`, 'command_not_found', '/nope'],
    [`${runc}exec: "/etc": permission denied: unknown`, 'command_not_executable', '/etc'],
    [`${runc}exec /s: exec format error: unknown`, 'command_not_executable', 'run-me'],
    [
      "error while mounting volume '/var/lib/docker/volumes/v/_data': failed to mount local volume: mount overlay:/var/lib/docker/volumes/v/_data, data: lowerdir=/cgroup/lower,upperdir=/u,workdir=/w: no such file or directory",
      'start_failed',
      'Submit again',
    ],
    ['unable to find user foo: no matching entries in passwd file', 'user_not_found', 'foo'],
    ['unable to find group bar: no matching entries in group file', 'user_not_found', 'bar'],
    ['No command specified', 'command_not_found', 'script'],
    ['Cannot mkdir: /work is not a directory', 'start_failed', '/work'],
    [`${runc}chdir to cwd ("/work") set in config.json failed: permission denied: unknown`, 'start_failed', '/work'],
    [`${runc}container init was OOM-killed (memory limit too low?): unknown`, 'out_of_memory', 'more memory'],
    ['Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available', 'resources_unavailable', '0.01'],
    ['Minimum memory limit allowed is 6MB', 'resources_unavailable', '6MB'],
    ['mkdir /var/lib/docker/overlay2/x: no space left on device', 'resources_unavailable', 'disk'],
    ['could not select device driver "" with capabilities: [[gpu]]', 'resources_unavailable', 'gpu'],
    ['something new', 'start_failed', 'something new'],
  ])('with «%s» is told as %s', (reason, code, word) => {
    const error = convertStartFailure(reason, subject);
    expect(error).toMatchObject({ code, message: expect.stringContaining(word) });
  });
});

describe('a creation that the Engine refused', () => {
  it('for a missing image names it', () => {
    const error = convertRefusal('POST /containers/create', 404, 'No such image: tool:1');
    expect(convertCreateFailure(error, subject)).toMatchObject({ code: 'image_not_found' });
  });

  it('for a limit tells the limit', () => {
    const error = convertRefusal('POST /containers/create', 400, 'Minimum memory limit allowed is 6MB');
    expect(convertCreateFailure(error, subject)).toMatchObject({ code: 'resources_unavailable' });
  });

  it('for anything else stays what it is', () => {
    const error = convertRefusal('POST /containers/create', 500, 'strange');
    expect(convertCreateFailure(error, subject)).toBe(error);
    const other = new Error('not of the Engine');
    expect(convertCreateFailure(other, subject)).toBe(other);
  });
});
