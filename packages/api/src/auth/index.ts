export { type AuthOptions, authPlugin } from './auth-plugin.ts';
export { requirePrincipal } from './authenticate.ts';
export { checkCsrf } from './csrf.ts';
export { hashPassword, type PasswordAlgorithm, passwordAlgorithms, verifyPassword } from './password-hash.ts';
export type { Session, SessionStore } from './session-store.ts';
export { loadTokenKey } from './token-key.ts';
export { loadUsers, type User, type UserSources, type Users } from './users.ts';
