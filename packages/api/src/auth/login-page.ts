export interface LoginForm {
  readonly csrfToken: string;
  /** Where to go after the log-in; "" for the default. */
  readonly next: string;
  readonly username?: string;
  /** What was wrong with the last attempt. */
  readonly error?: string;
}

/** The log-in form, with the names of fields that Django's has. */
export function renderLoginPage({ csrfToken, next, username = '', error }: LoginForm): string {
  return renderPage(
    'Log in',
    `<form method="post" action="/api-auth/login/">
<input type="hidden" name="csrfmiddlewaretoken" value="${escapeHtml(csrfToken)}">
<input type="hidden" name="next" value="${escapeHtml(next)}">
${error === undefined ? '' : `<p role="alert">${escapeHtml(error)}</p>`}
<label for="id_username">Username</label>
<input type="text" name="username" id="id_username" maxlength="150" autocapitalize="none" autocomplete="username" required autofocus value="${escapeHtml(username)}">
<label for="id_password">Password</label>
<input type="password" name="password" id="id_password" autocomplete="current-password" required>
<button type="submit">Log in</button>
</form>`,
  );
}

export function renderLoggedOutPage(): string {
  return renderPage('Logged out', '<p>You are logged out.</p>\n<p><a href="/api-auth/login/">Log in again</a></p>');
}

function renderPage(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · BoatLoad</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
main { max-width: 20rem; margin: 15vh auto 0; padding: 0 1rem }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit }
input { margin: .25rem 0 1rem; padding: .5rem }
button { padding: .6rem; cursor: pointer }
[role=alert] { border-left: .25rem solid #c33; padding-left: .75rem }
</style>
</head>
<body>
<main>
<h1>BoatLoad</h1>
${content}
</main>
</body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
