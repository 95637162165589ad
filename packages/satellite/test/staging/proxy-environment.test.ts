import { describe, expect, it } from 'vitest';
import { type DataProxy, planProxy } from '../../src/staging/proxy-environment.ts';

const url = 'http://data-proxy:3128';
const itself = 'localhost,127.0.0.1,::1';

const plan = (env: Record<string, string> = {}, proxy: Partial<DataProxy> = {}) =>
  planProxy({ dataProxy: true, env }, { url, ...proxy });

describe('a container that wants the data proxy', () => {
  it('is told of it by the names that programs read', () => {
    expect(plan().env).toEqual({
      http_proxy: url,
      https_proxy: url,
      HTTPS_PROXY: url,
      no_proxy: itself,
      NO_PROXY: itself,
    });
  });

  it('is not told by HTTP_PROXY, which is a header of visitors to programs that answer as CGI', () => {
    expect(plan().env).not.toHaveProperty('HTTP_PROXY');
  });

  it('finds the proxy of its own host under the name data-proxy', () => {
    expect(plan().extraHosts).toEqual(['data-proxy:host-gateway']);
  });

  it.each(['http://proxy.example.org:3128', 'http://10.0.0.1:3128', 'http://data-proxy.example.org:3128'])(
    'finds %s as the world does',
    (other) => {
      expect(plan({}, { url: other })).toMatchObject({ env: { http_proxy: other }, extraHosts: [] });
    },
  );

  it.each([
    ['nothing', '', itself],
    ['one more host', '.example.org', `${itself},.example.org`],
    ['some hosts with spaces', ' a.example , b.example,', `${itself},a.example,b.example`],
    ['what is in it anyway', 'localhost,127.0.0.1,::1', itself],
  ])('reaches itself directly, where the operator gives %s', (_title, noProxy, expected) => {
    expect(plan({}, { noProxy }).env).toMatchObject({ no_proxy: expected, NO_PROXY: expected });
  });

  it.each([
    ['http_proxy', ['HTTPS_PROXY', 'NO_PROXY', 'https_proxy', 'no_proxy']],
    ['HTTP_PROXY', ['HTTPS_PROXY', 'NO_PROXY', 'https_proxy', 'no_proxy']],
    ['https_proxy', ['NO_PROXY', 'http_proxy', 'no_proxy']],
    ['Https_Proxy', ['NO_PROXY', 'http_proxy', 'no_proxy']],
    ['NO_PROXY', ['HTTPS_PROXY', 'http_proxy', 'https_proxy']],
  ])('keeps its own %s, in whichever case programs read it', (name, left) => {
    expect(Object.keys(plan({ [name]: '' }).env).toSorted()).toEqual(left);
  });
});

describe('no proxy is told of', () => {
  const nothing = { env: {}, extraHosts: [] };

  it('to a container that does not want it', () => {
    expect(planProxy({ dataProxy: false, env: {} }, { url })).toEqual(nothing);
    expect(planProxy({ env: {} }, { url })).toEqual(nothing);
  });

  it('where there is none', () => {
    expect(planProxy({ dataProxy: true, env: {} }, undefined)).toEqual(nothing);
  });
});
