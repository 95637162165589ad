import { defaultLimits, type ServiceConfig } from '@boatload/api';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { type DataOptions, dataOptions } from '../../../src/verbs/up/data-options.ts';
import { makeConfig } from '../../../src/verbs/up/make-config.ts';
import { type ServiceOptions, serviceOptions } from '../../../src/verbs/up/service-options.ts';

/** What `boatload up` with these words would be told. */
function configOf(words: readonly string[], env: Readonly<Record<string, string>> = {}): ServiceConfig {
  const verb = new Command('up').exitOverride().configureOutput({ writeErr: () => undefined });
  for (const option of [...serviceOptions(), ...dataOptions()]) verb.addOption(option);
  verb.parse(words, { from: 'user' });
  return makeConfig(verb.opts<ServiceOptions & DataOptions>(), { env, limits: defaultLimits });
}

describe('the configuration', () => {
  test('has its defaults, and cannot be changed', () => {
    const config = configOf([]);
    expect(config.fetch).toEqual({ policy: { allow: [], deny: [] }, fileRoots: [] });
    expect(config).not.toHaveProperty('cacheQuota');
    expect(config).toMatchObject({ views: true });
    expect(config).not.toHaveProperty('dataProxy');
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.fetch)).toBe(true);
  });

  test('collects rules from repeated options and from lists', () => {
    const words = ['--fetch-allow', '10.0.0.1, *.example.org:443', '--fetch-allow', '::1/128', '--fetch-deny', '*,'];
    expect(configOf(words).fetch).toMatchObject({
      policy: { allow: ['10.0.0.1', '*.example.org:443', '::1/128'], deny: ['*'] },
    });
  });

  test('leaves views out where they are off', () => {
    expect(configOf(['--views', 'off'])).toMatchObject({ views: false });
  });

  test.each([
    ['200g', { bytes: 200 * 1024 ** 3 }],
    ['50%', { share: 0.5 }],
    ['12.5 %', { share: 0.125 }],
  ])('takes a quota of %s', (text, cacheQuota) => {
    expect(configOf(['--cache-quota', text]).cacheQuota).toEqual(cacheQuota);
  });

  test('tells containers of a proxy only where there is one', () => {
    const url = 'http://data-proxy:3128';
    const noProxy = 'localhost,127.0.0.1,::1';
    expect(configOf(['--data-proxy', url]).dataProxy).toEqual({ url, noProxy, default: false });
    expect(configOf(['--data-proxy', url, '--data-proxy-default']).dataProxy).toMatchObject({ default: true });
    expect(configOf(['--data-proxy', url, '--data-proxy-default', 'no']).dataProxy).toMatchObject({ default: false });
    expect(configOf(['--data-proxy', url, '--no-proxy', 'a,b']).dataProxy).toMatchObject({ noProxy: 'a,b' });
    expect(() => configOf(['--data-proxy-default'])).toThrow(/--data-proxy URL/);
  });
});

describe('the proxy to fetch through', () => {
  const proxies = { http_proxy: 'http://a:1', HTTPS_PROXY: 'b:2', NO_PROXY: 'localhost,.example.org' };

  test('is that of the environment, small or in capitals', () => {
    const proxy = { http: 'http://a:1', https: 'http://b:2', no: 'localhost,.example.org' };
    expect(configOf([], proxies).fetch?.proxy).toEqual(proxy);
    expect(configOf([], { http_proxy: 'http://a:1', HTTP_PROXY: 'http://z' }).fetch?.proxy).toEqual({
      http: 'http://a:1',
    });
  });

  test('is the one that is named, for http and https, but not for hosts of no_proxy', () => {
    const http = 'http://user:secret@proxy.example.org:3128';
    expect(configOf(['--fetch-proxy', http], proxies).fetch?.proxy).toEqual({
      http,
      https: http,
      no: 'localhost,.example.org',
    });
  });

  test('is none where none is asked for, or an empty one', () => {
    expect(configOf(['--fetch-proxy', 'none'], proxies).fetch).not.toHaveProperty('proxy');
    expect(configOf([], { http_proxy: '', no_proxy: '*' }).fetch).not.toHaveProperty('proxy');
  });

  test('of a kind that cannot be used is refused with its variable, and without its log-in', () => {
    const socks = (): ServiceConfig => configOf([], { https_proxy: 'socks5://user:secret@host' });
    expect(socks).toThrow(/https_proxy.*--fetch-proxy none/);
    expect(socks).not.toThrow(/secret/);
  });
});

describe('an S3 service', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' };

  test('is not asked unless a bucket is allowed', () => {
    expect(configOf([], keys).fetch).not.toHaveProperty('s3');
  });

  test('is described by the environment; a prefix is a folder', () => {
    const env = { ...keys, BOATLOAD_S3_ENDPOINT: 'https://s3.example.org', AWS_REGION: 'eu-1' };
    expect(configOf(['--fetch-s3', 'data,s3://results/2026', '--fetch-s3', 'open/a/'], env).fetch?.s3).toEqual({
      buckets: ['data', 'results/2026/', 'open/a/'],
      endpoint: 'https://s3.example.org',
      region: 'eu-1',
      accessKeyId: 'id',
      secretAccessKey: 'key',
    });
    expect(configOf(['--fetch-s3', 'data']).fetch?.s3).toEqual({ buckets: ['data'] });
  });

  test.each([
    [{ AWS_ACCESS_KEY_ID: 'id' }, /AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not/],
    [{ AWS_SECRET_ACCESS_KEY: 'key' }, /AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not/],
    [{ BOATLOAD_S3_ENDPOINT: 's3.example.org' }, /BOATLOAD_S3_ENDPOINT/],
  ])('with the environment %j is refused', (env, sentence) => {
    expect(() => configOf(['--fetch-s3', 'data'], env)).toThrow(sentence);
  });
});
