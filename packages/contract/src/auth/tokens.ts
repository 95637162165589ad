import { type Static, Type } from 'typebox';

/** djangorestframework-jwt's request to /api-token-auth/. */
export const Credentials = Type.Object(
  { username: Type.String({ minLength: 1 }), password: Type.String({ minLength: 1 }) },
  { $id: 'Credentials' },
);
export type Credentials = Static<typeof Credentials>;

/** A JSON Web Token, in requests to refresh and verify and in every answer. */
export const Token = Type.Object({ token: Type.String({ minLength: 1 }) }, { $id: 'Token' });
export type Token = Static<typeof Token>;

/** Who is asking, once a request was authenticated. */
export interface Principal {
  readonly id: number;
  readonly username: string;
  readonly admin: boolean;
}
