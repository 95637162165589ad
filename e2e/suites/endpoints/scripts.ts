import type { Container } from '@boatload/contract';
import { describe, test } from 'vitest';
import type { Client } from '../../harness/client.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, useService } from '../../harness/suite.ts';

interface Rule {
  readonly title: string;
  readonly script: string;
  /** File name that a form gives it; without one it is sent as JSON. */
  readonly fileName?: string;
  readonly fields?: Record<string, string>;
  readonly output: string;
}

const inNode = 'console.log("node", process.argv[1], ...process.argv.slice(2))';
const inShell = 'echo "sh $0 $*"';

const rules: readonly Rule[] = [
  {
    title: 'its shebang',
    script: `#!/bin/bash\necho "bash \${BASH_VERSION%%.*} $0"`,
    output: 'bash 5 /boatload/script',
  },
  { title: 'a shebang with an argument', script: `#!/usr/bin/env node\n${inNode}`, output: 'node /boatload/script' },
  { title: 'sh where nothing says how', script: inShell, output: 'sh /boatload/script ' },
  {
    title: 'the extension of scriptname: .js',
    script: inNode,
    fields: { scriptname: 'main.js', container_args: 'one two' },
    output: 'node /boatload/main.js one two',
  },
  {
    title: 'the extension of scriptname: .sh',
    script: inShell,
    fields: { scriptname: 'main.sh', container_args: 'one two' },
    output: 'sh /boatload/main.sh one two',
  },
  {
    title: 'the extension of the uploaded file',
    script: inNode,
    fileName: 'upload.js',
    output: 'node /boatload/script',
  },
  {
    title: 'its shebang rather than its extension',
    script: `#!/bin/sh\n${inShell}`,
    fields: { scriptname: 'main.js' },
    output: 'sh /boatload/main.js ',
  },
  {
    title: 'interpreter rather than its shebang',
    script: `#!/bin/sh\n${inNode}`,
    fields: { interpreter: 'node --no-warnings', container_args: 'x' },
    output: 'node /boatload/script x',
  },
  {
    title: 'interpreter, which may accept Windows line ends',
    script: `#!/usr/bin/node\r\n${inNode}\r\n`,
    fields: { interpreter: 'node' },
    output: 'node /boatload/script',
  },
  {
    title: 'its extension under a name with spaces and signs, too',
    script: inShell,
    fields: { scriptname: "my script's (1) é%.sh" },
    output: "sh /boatload/my script's (1) é%.sh ",
  },
];

interface Refusal {
  readonly title: string;
  readonly fields: Record<string, unknown>;
  readonly code: string;
  readonly says: RegExp;
}

const refusals: readonly Refusal[] = [
  {
    title: 'a shebang with a Windows line end',
    fields: { script: '#!/bin/sh\r\necho hi\r\n' },
    code: 'script_crlf',
    says: /Windows line ends.*dos2unix/,
  },
  {
    title: 'a .sh script with Windows line ends',
    fields: { script: 'echo hi\r\n', scriptname: 'run.sh' },
    code: 'script_crlf',
    says: /run\.sh/,
  },
  {
    title: 'a shebang whose program the image does not have',
    fields: { script: '#!/usr/bin/python3.99\nprint(1)\n' },
    code: 'command_not_found',
    says: /python3\.99/,
  },
  {
    title: 'an extension whose program the image does not have',
    fields: { script: 'puts 1', scriptname: 'main.rb' },
    code: 'command_not_found',
    says: /ruby/,
  },
  {
    title: 'a command that the image does not have',
    fields: { entrypoint: ['/no/such/command'] },
    code: 'command_not_found',
    says: /\/no\/such\/command/,
  },
  {
    title: 'a command that is no program',
    fields: { entrypoint: ['/etc/passwd'] },
    code: 'command_not_executable',
    says: /\/etc\/passwd/,
  },
  {
    title: 'an image that is not on the node and must not be pulled',
    fields: { image_name: 'boatload/no-such-image', script: 'exit 0' },
    code: 'image_not_found',
    says: /boatload\/no-such-image.*missing/,
  },
  {
    title: 'a user that the image does not have',
    fields: { user: 'stranger' },
    code: 'user_not_found',
    says: /stranger/,
  },
  {
    title: 'more processors than the node has',
    fields: { script: 'exit 0', cpus: 4_096 },
    code: 'resources_unavailable',
    says: /cpu|processor/i,
  },
];

/** By which rules a script is run, and what is said of one that cannot be. */
export function describeScripts(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: scripts`, () => {
    const parts = useService(start);

    test.concurrent.for(rules.map((rule) => [rule.title, rule] as const))(
      'is run by %s',
      async ([, rule], { expect }) => {
        const { client } = parts();
        const { id } = await submitRule(client, rule);
        expect(await client.ended(id)).toMatchObject({ state: 'exited', exit_code: 0 });
        expect(await client.text(`/v1/container/${id}/stdout`)).toBe(`${rule.output}\n`);
      },
    );

    test.concurrent('comes from a URL, whose extension counts, too', async ({ expect }) => {
      const { client, web } = parts();
      const scripturl = web.serve('/folder/remote.js?version=1', `${inNode}\n`);
      const { id } = await client.submit({ scripturl, container_args: ['a'] });
      expect(await client.ended(id)).toMatchObject({ exit_code: 0, scripturl, script_size: null });
      expect(await client.text(`/v1/container/${id}/script`)).toBe(`${inNode}\n`);
      expect(await client.text(`/v1/container/${id}/stdout`)).toBe('node /boatload/script a\n');
      expect(await client.text(`/v1/container/${id}/file//boatload/script`)).toBe(`${inNode}\n`);
    });

    test.concurrent('lies in /boatload, executable, and belongs to the user who runs it', async ({ expect }) => {
      const { client } = parts();
      const script = 'cd /boatload; stat -c "%n %a %U" . script; touch mine; echo "# more" >> script';
      const { id } = await client.submit({ script, user: 'boat' });
      expect(await client.ended(id)).toMatchObject({ exit_code: 0 });
      expect(await client.text(`/v1/container/${id}/stdout`)).toBe('. 755 boat\nscript 755 boat\n');
      const changes = await client.json<{ path: string; kind: string }[]>(`/v1/container/${id}/changes`);
      expect(changes.filter(({ path }) => path.startsWith('/boatload/'))).toMatchObject([
        { path: '/boatload/mine', kind: 'added' },
        { path: '/boatload/script', kind: 'modified' },
      ]);
    });

    test.concurrent.for(refusals.map((each) => [each.title, each] as const))(
      'fails, with what to do, for %s',
      async ([, refusal], { expect }) => {
        const { fields, code, says } = refusal;
        const { client } = parts();
        const { id } = await client.submit(fields);
        const ended = await client.ended(id);
        expect(ended).toMatchObject({ state: 'failed', reason_code: code, exit_code: null, started_at: null });
        expect(ended.reason).toMatch(says);
        expect(ended.attempts).toMatchObject([{ state: 'failed', reason_code: code }]);
        await expectReadable(client, ended, expect);
      },
    );

    promiseNothingLeft(parts);
  });
}

function submitRule(client: Client, { script, fileName, fields = {} }: Rule): Promise<Container> {
  if (fileName === undefined) return client.submit({ ...fields, script });
  return client.submitForm(fields, { script: { name: fileName, content: script } });
}

/** A container that never ran has no output and no changes, and asking for them is no error. */
async function expectReadable(
  client: Client,
  { id, reason }: Container,
  expect: typeof import('vitest').expect,
): Promise<void> {
  expect(await client.state(id)).toMatchObject({ state: 'failed', reason, fleet_state: { activeState: 'failed' } });
  expect(await client.text(`/v1/container/${id}/stdout?follow=true`)).toBe('');
  expect(await client.json(`/v1/container/${id}/metrics`)).toMatchObject({ running: false });
  expect(await client.json(`/v1/container/${id}/changes`)).toEqual([]);
}
