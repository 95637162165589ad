import { connectEngine } from '@boatload/engine';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { engineText } from '../../src/changes/engine-text.ts';
import { readRootChanges } from '../../src/changes/root-changes.ts';
import { makeTarget } from '../read-target.ts';

const engine = connectEngine();
afterAll(() => engine.close());

test.each([
  ['plain', 'plain'],
  ['\xff\xfe', '\ufffd\ufffd'],
  ['\xe2\x82', '\ufffd\ufffd'],
  ['\xc3\xa9\xff', 'é\ufffd'],
  ['\xf0\x9f\x98\x80', '😀'],
  ['\xed\xa0\x80', '\ufffd\ufffd\ufffd'],
])('%j is what the Engine writes as %j', (key, text) => {
  expect(engineText(key)).toBe(text);
});

test('any UTF-8 stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(engineText(Buffer.from(text, 'utf8').toString('latin1'))).toBe(text);
    }),
  );
});

test('names that look alike in the list are all found', async () => {
  const script = `cd /tmp; for i in 1 2; do mkdir "$(printf "d\\\\37$i")"; : > "$(printf "d\\\\37$i/f\\\\37$i")"; done; : > "$(printf '\\357\\277\\275')"`;
  await using made = await makeTarget(engine, { script });
  const found = (await readRootChanges(engine, made.target, {})).map(({ key }) => key);
  expect(found.sort()).toEqual(
    ['/tmp', '/tmp/d\xf9', '/tmp/d\xf9/f\xf9', '/tmp/d\xfa', '/tmp/d\xfa/f\xfa', '/tmp/\xef\xbf\xbd'].sort(),
  );
});
