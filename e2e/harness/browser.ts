/** Keeps cookies as a browser does, and follows no redirects. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #url: string;

  /** @param url of the service, without a slash at the end */
  constructor(url: string) {
    this.#url = url;
  }

  /** The token that a form or X-CSRFToken must carry. */
  get csrfToken(): string {
    return this.cookies.get('csrftoken') ?? '';
  }

  async send(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const cookies = [...this.cookies].map(([name, value]) => `${name}=${value}`);
    if (cookies.length > 0) headers.set('cookie', cookies.join('; '));
    const answer = await fetch(`${this.#url}${path}`, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) this.#keep(line);
    return answer;
  }

  /** Sends a url-encoded form, as an HTML page does. */
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return this.send(path, { method: 'POST', headers, body: new URLSearchParams(fields) });
  }

  /** Opens the log-in page, reads its hidden field and sends the form. */
  async logIn(username: string, password: string, more: Readonly<Record<string, string>> = {}): Promise<Response> {
    const page = await (await this.send('/api-auth/login/')).text();
    const csrfmiddlewaretoken = /name="csrfmiddlewaretoken" value="([^"]*)"/.exec(page)?.[1] ?? '';
    return this.post('/api-auth/login/', { csrfmiddlewaretoken, username, password, ...more });
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (/;\s*(?:max-age=0|expires=Thu, 01 Jan 1970)/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
