/** What users and their containers made must never act as the viewer: no scripts, no origin, no guessing of types. */
export const untrusted = {
  'content-security-policy': 'sandbox',
  'x-content-type-options': 'nosniff',
  'cache-control': 'private, no-cache',
} as const;
