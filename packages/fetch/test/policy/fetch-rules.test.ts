import { describe, expect, it } from 'vitest';
import { parseFetchRule } from '../../src/policy/fetch-rule.ts';
import { FetchRules } from '../../src/policy/fetch-rules.ts';

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
  'fd00:ec2::23',
  'fd00:42::42',
  'fd20:ce::254',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '0:0:0:0:0:ffff:a9fe:a9fe',
  '64:ff9b::7f00:1',
  '64:ff9b:1::a9fe:a9fe',
  '::ffff:0:127.0.0.1',
  '2002:7f00:1::1',
  '::127.0.0.1',
  'ff02::1',
  'localhost',
  '',
];
const allowed = ['10.0.0.1', '172.17.0.1', '192.168.1.1', '8.8.8.8', '2606:4700::1111', 'fd12::1', '::ffff:10.0.0.1'];

describe('without rules', () => {
  it.each(denied)('no connection to %j may be used', (address) => {
    expect(new FetchRules({}).allowsAddress(address, 80)).toBe(false);
  });

  it.each(allowed)('a connection to %j may be used', (address) => {
    expect(new FetchRules({}).allowsAddress(address, 80)).toBe(true);
  });

  it('every host may be asked for', () => {
    expect(new FetchRules({}).allowsHost('data.example.org', 443)).toBe(true);
  });
});

describe('an address', () => {
  it.each([
    ['127.0.0.0/8', '127.0.0.1', 80, true],
    ['127.0.0.1', '127.0.0.1', 80, true],
    ['127.0.0.1/32', '127.0.0.2', 80, false],
    ['127.0.0.0/8', '::ffff:127.0.0.1', 80, true],
    ['::ffff:127.0.0.1', '127.0.0.1', 80, true],
    ['::ffff:127.0.0.0/104', '127.0.0.1', 80, true],
    ['127.0.0.0/8', '::1', 80, false],
    ['::1/128', '::1', 80, true],
    ['[::1]:8080', '::1', 8080, true],
    ['[::1]:8080', '::1', 80, false],
    ['127.0.0.1:8080', '127.0.0.1', 8080, true],
    ['127.0.0.1:8080', '127.0.0.1', 80, false],
    ['127.0.0.0/8:8080', '127.0.0.1', 80, false],
    ['169.254.0.0/16', '169.254.169.254', 80, true],
    ['localhost', '127.0.0.1', 80, false],
    ['*', '127.0.0.1', 80, false],
  ])('with allow %s: %s port %d may be used: %s', (rule, address, port, may) => {
    expect(new FetchRules({ allow: [rule] }).allowsAddress(address, port)).toBe(may);
  });

  it.each([
    ['10.0.0.0/8', '10.1.2.3', 80, false],
    ['10.0.0.0/8', '11.1.2.3', 80, true],
    ['0.0.0.0/0:25', '11.1.2.3', 25, false],
    ['0.0.0.0/0:25', '11.1.2.3', 80, true],
    ['2000::/3', '2606:4700::1111', 80, false],
  ])('with deny %s: %s port %d may be used: %s', (rule, address, port, may) => {
    expect(new FetchRules({ deny: [rule] }).allowsAddress(address, port)).toBe(may);
  });

  it('that is denied may be used where a rule allows it', () => {
    const rules = new FetchRules({ deny: ['10.0.0.0/8'], allow: ['10.1.0.0/16'] });
    expect(rules.allowsAddress('10.1.2.3', 80)).toBe(true);
    expect(rules.allowsAddress('10.2.2.3', 80)).toBe(false);
  });
});

describe('a host', () => {
  it.each([
    ['bad.example.org', 'bad.example.org', 80, false],
    ['bad.example.org', 'BAD.example.org.', 80, false],
    ['bad.example.org', 'very.bad.example.org', 80, true],
    ['*.example.org', 'a.b.example.org', 80, false],
    ['*.example.org', 'example.org', 80, true],
    ['*.example.org', 'badexample.org', 80, true],
    ['bücher.example', 'xn--bcher-kva.example', 80, false],
    ['*', 'anything', 80, false],
    ['*', '8.8.8.8', 80, false],
    ['*', '[2606:4700::1111]', 80, false],
    ['*:25', 'mail.example.org', 25, false],
    ['*:25', 'mail.example.org', 80, true],
  ])('with deny %s: %s port %d may be asked for: %s', (rule, host, port, may) => {
    expect(new FetchRules({ deny: [rule] }).allowsHost(host, port)).toBe(may);
  });

  it.each([
    ['data.example.org', 443, true],
    ['sub.lab.example', 443, true],
    ['other.example.org', 443, false],
    ['only.example', 8443, true],
    ['only.example', 443, false],
    ['10.1.2.3', 80, true],
    ['10.2.2.3', 80, false],
    ['[2001:db8::1]', 80, true],
    ['8.8.8.8', 80, false],
  ])('with deny * is one of the allowed, or not asked for: %s port %d: %s', (host, port, may) => {
    const allow = ['data.example.org', '*.lab.example', 'only.example:8443', '10.1.0.0/16', '2001:db8::/32'];
    expect(new FetchRules({ deny: ['*'], allow }).allowsHost(host, port)).toBe(may);
  });

  it('that is allowed opens no denied address', () => {
    const rules = new FetchRules({ allow: ['metadata.example.org', '*'] });
    expect(() => rules.checkAddress('metadata.example.org', '169.254.169.254', 80)).toThrow(
      expect.objectContaining({ code: 'fetch_refused' }),
    );
  });
});

describe('a rule', () => {
  it.each([
    '',
    ' ',
    '127.0.0.1/33',
    '127.0.0.1/',
    '::1/129',
    '1.2.3.4/8/8',
    '1.2.3.4/x',
    '1.2.3.4/-1',
    '1.2.3.4/1e1',
    '[::1',
    '[1.2.3.4]:80',
    'host:0',
    'host:65536',
    'host:',
    'host:x',
    'http://host',
    'host/path',
    'user@host',
    '*.',
    '*.*',
    'a.*.b',
    '127.1',
    '0x7f000001',
    '2130706433',
    'with space',
    'a..b',
  ])('cannot be %j', (text) => {
    const rejection = expect.objectContaining({
      code: 'bad_configuration',
      message: expect.stringContaining(`«${text}»`),
    });
    expect(() => parseFetchRule(text)).toThrow(rejection);
    expect(() => new FetchRules({ allow: [text] })).toThrow(rejection);
  });
});
