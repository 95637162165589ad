import { describe, expect, it } from 'vitest';
import { planScript, type ScriptFacts } from '../../src/staging/plan-script.ts';

const plan = (facts: Partial<ScriptFacts> & { readonly text?: string }) =>
  planScript({ name: 'script', head: Buffer.from(facts.text ?? 'echo hi\n', 'latin1'), ...facts });

describe('a script is run', () => {
  it.each<[string, Parameters<typeof plan>[0], readonly string[]]>([
    ['by the interpreter that was given', { interpreter: ['python3', '-u'] }, ['python3', '-u', '/boatload/script']],
    ['by it even over a shebang', { interpreter: ['sh'], text: '#!/usr/bin/perl\n' }, ['sh', '/boatload/script']],
    ['by it even with Windows line ends', { interpreter: ['sh'], text: '#!/bin/sh\r\n' }, ['sh', '/boatload/script']],
    ['directly if it has a shebang', { text: '#!/usr/bin/env node\n', name: 'a.py' }, ['/boatload/a.py']],
    ['by sh for .sh', { name: 'a.sh' }, ['sh', '/boatload/a.sh']],
    ['by python3 for .py', { name: 'a.py' }, ['python3', '/boatload/a.py']],
    ['by node for .js', { name: 'a.js' }, ['node', '/boatload/a.js']],
    ['by ruby for .rb', { name: 'a.rb' }, ['ruby', '/boatload/a.rb']],
    ['by perl for .pl', { name: 'a.pl' }, ['perl', '/boatload/a.pl']],
    ['by Rscript for .R', { name: 'a.R' }, ['Rscript', '/boatload/a.R']],
    ['by julia for .jl', { name: 'a.jl' }, ['julia', '/boatload/a.jl']],
    ['by the extension of the submitted name', { fileName: 'a.py' }, ['python3', '/boatload/script']],
    ['by its own extension before that', { name: 'a.js', fileName: 'a.py' }, ['node', '/boatload/a.js']],
    ['directly if it is a program', { text: '\u007fELF\u0002\u0001' }, ['/boatload/script']],
    ['by /bin/sh otherwise', { name: 'a.txt' }, ['/bin/sh', '/boatload/a.txt']],
    ['by /bin/sh if it is empty', { text: '' }, ['/bin/sh', '/boatload/script']],
    [
      'by python3 although its lines end as on Windows',
      { name: 'a.py', text: 'print(1)\r\n' },
      ['python3', '/boatload/a.py'],
    ],
  ])('%s', (_title, facts, command) => {
    expect(plan(facts).command).toEqual(command);
  });

  it.each([
    ['a shebang that ends in CR', { text: '#!/bin/sh\r\necho\r\n' }],
    ['.sh with Windows line ends', { name: 'a.sh', text: 'echo\r\n' }],
    ['no hint but Windows line ends', { text: 'echo\r\n' }],
  ])('but not with %s', (_title, facts) => {
    expect(() => plan(facts)).toThrow(expect.objectContaining({ code: 'script_crlf' }));
  });

  it.each([
    ['#!/bin/sh\n', '/bin/sh'],
    ['#! /usr/bin/env python3\n', '/usr/bin/env'],
    ['#!/opt/x', '/opt/x'],
    ['#!relative\n', undefined],
  ])('by the program that %j names', (text, shebang) => {
    expect(plan({ text }).shebang).toBe(shebang);
  });
});
