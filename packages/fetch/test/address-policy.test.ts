import { describe, expect, it } from 'vitest';
import { AddressPolicy } from '../src/address-policy.ts';

const denied = [
  '0.0.0.0',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fe80::1%eth0',
  'fd00:ec2::254',
  'fd20:ce::254',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '64:ff9b::7f00:1',
  '::127.0.0.1',
  'ff02::1',
  'localhost',
  '',
];
const allowed = ['10.0.0.1', '172.17.0.1', '192.168.1.1', '8.8.8.8', '2606:4700::1111', 'fd12::1', '::ffff:10.0.0.1'];

describe('the fetch policy', () => {
  it.each(denied)('denies %j', (address) => {
    expect(new AddressPolicy({}).allows(address)).toBe(false);
  });

  it.each(allowed)('allows %j', (address) => {
    expect(new AddressPolicy({}).allows(address)).toBe(true);
  });

  it.each([
    ['127.0.0.0/8', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1/32', '127.0.0.2', false],
    ['127.0.0.0/8', '::ffff:127.0.0.1', true],
    ['127.0.0.0/8', '::1', false],
    ['::1/128', '::1', true],
    ['169.254.0.0/16', '169.254.169.254', true],
  ])('opened for %s: %s is allowed: %s', (cidr, address, allows) => {
    expect(new AddressPolicy({ allow: [cidr] }).allows(address)).toBe(allows);
  });

  it.each(['localhost', '127.0.0.1/33', '127.0.0.1/', '::1/129', '1.2.3.4/8/8', '1.2.3.4/x', ''])(
    'cannot be opened for %j',
    (cidr) => {
      expect(() => new AddressPolicy({ allow: [cidr] })).toThrow(
        expect.objectContaining({ code: 'bad_configuration' }),
      );
    },
  );
});
