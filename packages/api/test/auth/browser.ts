/** Keeps cookies as a browser does, and follows no redirects. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    return this.send(path, { headers });
  }

  async submit(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return this.send(path, { method: 'POST', body: new URLSearchParams(fields), headers });
  }

  async send(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0)
      headers.set('cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(`${this.#base}${path}`, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return response;
  }

  /** Opens the form, fills it in and sends it. */
  async logIn(username: string, password: string, next?: string): Promise<Response> {
    const page = await (await this.get('/api-auth/login/')).text();
    const csrfmiddlewaretoken = /name="csrfmiddlewaretoken" value="([^"]*)"/.exec(page)?.[1] ?? '';
    const fields = { csrfmiddlewaretoken, username, password };
    return this.submit('/api-auth/login/', next === undefined ? fields : { ...fields, next });
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/;\s*(?:max-age=0|expires=Thu, 01 Jan 1970)/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
