import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { Narrator } from '../../src/demo/narrator.ts';

/** What a narrator writes of a short story. */
async function tell(isTTY: boolean, env: Readonly<Record<string, string>>): Promise<string> {
  const out = Object.assign(new PassThrough(), { isTTY });
  const narrator = new Narrator(out, env);
  narrator.step('Submit a script', 'curl -s $API/v1/container/ \\\n    -F script=@count.sh');
  narrator.quote('fox.txt: 4 words');
  narrator.table([
    ['state', 'exited'],
    ['ran for', '0.1 s'],
  ]);
  out.end();
  return text(out);
}

const plain = `
1. Submit a script
   $ curl -s $API/v1/container/ \\
         -F script=@count.sh
   │ fox.txt: 4 words
   state    exited
   ran for  0.1 s
`;

describe('the story of the demo', () => {
  test('is plain text where nobody watches', async () => {
    expect(await tell(false, {})).toBe(plain);
  });

  test.each<Readonly<Record<string, string>>>([{ NO_COLOR: '1' }, { TERM: 'dumb' }])(
    'is plain text on a terminal with %o',
    async (env) => {
      expect(await tell(true, env)).toBe(plain);
    },
  );

  test('says the same with styles on a terminal', async () => {
    const story = await tell(true, { TERM: 'xterm' });
    const mark = String.fromCharCode(27);
    expect(story).toContain(`${mark}[1m1. Submit a script${mark}[22m`);
    expect(story.replaceAll(new RegExp(`${mark}\\[\\d+m`, 'g'), '')).toBe(plain);
  });
});
