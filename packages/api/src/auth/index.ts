export { authPlugin } from './auth-plugin.ts';
export { requirePrincipal } from './authenticate.ts';
export { hashPassword, type PasswordAlgorithm, passwordAlgorithms } from './password-hash.ts';
export { loadTokenKey } from './token-key.ts';
export { loadUsers, type Users } from './users.ts';
