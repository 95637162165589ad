import { describe, expect, it } from 'vitest';
import { parseNumericOwner, resolveOwner } from '../../src/image/resolve-owner.ts';

const database = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\n# comment\nboat:x:1000:1001::/home/boat:/bin/sh\n7:x:70:71::/:\n',
  group: 'root:x:0:\nstaff:x:50:boat\n',
};

describe("the owner of a container's files", () => {
  it.each([
    ['', { uid: 0, gid: 0 }],
    ['5:6', { uid: 5, gid: 6 }],
  ])('is told by %j alone', (user, owner) => {
    expect(parseNumericOwner(user)).toEqual(owner);
  });

  it.each([
    ['boat', { uid: 1000, gid: 1001 }],
    ['1000', { uid: 1000, gid: 1001 }],
    ['4242', { uid: 4242, gid: 0 }],
    ['boat:staff', { uid: 1000, gid: 50 }],
    ['boat:99', { uid: 1000, gid: 99 }],
    ['4242:staff', { uid: 4242, gid: 50 }],
    ['7', { uid: 70, gid: 71 }],
  ])('is looked up for %j', (user, owner) => {
    expect(resolveOwner(user, 'image', database)).toEqual(owner);
  });

  it('is not told by numbers that the Engine would refuse', () => {
    expect(parseNumericOwner('2147483647:0')).toEqual({ uid: 2_147_483_647, gid: 0 });
    expect(parseNumericOwner('4294967295:0')).toBeUndefined();
  });

  it.each(['nobody', 'boat:nobody', 'nobody:0', '4294967295', '0:2147483648'])('is unknown for %j', (user) => {
    expect(() => resolveOwner(user, 'image', database)).toThrow(expect.objectContaining({ code: 'user_not_found' }));
  });
});
