import { type Static, Type } from 'typebox';
import type { BoatLoadError } from './boatload-error.ts';
import { errorCodes } from './codes.ts';

/**
 * An error as it is answered: an RFC 9457 problem document, with the keys of Django REST framework beside
 * it (`detail`, `non_field_errors`, and an array of sentences under the name of each field at fault).
 */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'A URI reference that names the kind of problem' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable; match on this' }),
    detail: Type.String({ description: 'What happened and what to do next' }),
    field: Type.Optional(Type.String({ description: 'Path of the field at fault' })),
    instance: Type.Optional(Type.String({ description: "The request's id, as it stands in the log" })),
    non_field_errors: Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'Problem', additionalProperties: true },
);
export type Problem = Static<typeof Problem>;

const reserved: ReadonlySet<string> = new Set(Object.keys(Problem.properties));

/** Renders an error as its problem document. A field whose name a problem itself uses is left to `field`. */
export function problemOf(error: BoatLoadError, instance?: string): Problem {
  const perField = Object.entries(error.fields).filter(([name]) => !reserved.has(name));
  return {
    ...Object.fromEntries(perField),
    type: `/docs/errors#${error.code}`,
    title: errorCodes[error.code].title,
    status: error.status,
    code: error.code,
    detail: error.message,
    ...(error.field === undefined ? { non_field_errors: [error.message] } : { field: error.field }),
    ...(instance === undefined ? {} : { instance }),
  };
}
