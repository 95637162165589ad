import { type ErrorCode, errorCodes } from '@boatload/contract';
import { expect } from 'vitest';

/** An error answer, with whatever fields were at fault. */
export type ProblemAnswer = Readonly<Record<string, unknown>> & {
  readonly code: string;
  readonly detail: string;
  readonly field?: string;
  readonly non_field_errors?: readonly string[];
};

/** What would tell of our insides: a stack, a path of a module, an error's class. */
const insides = /\n\s*at |node_modules|\.[jt]s:\d|\/src\/|\/dist\/|\b\w*Error:/;

/** Names that a problem document uses itself, so that no field can stand under them. */
const reserved: ReadonlySet<string> = new Set(['type', 'title', 'status', 'code', 'detail', 'field', 'instance']);

/**
 * Promises that an answer is an error with a code: as a problem document (RFC 9457), and with the keys by which
 * clients of REST framework know it. `field` is what it must be about; `null`: about no field.
 */
export async function expectProblem(answer: Response, code: ErrorCode, field?: string | null): Promise<ProblemAnswer> {
  const text = await answer.text();
  const { status, title } = errorCodes[code];
  expect(answer.headers.get('content-type'), text).toBe('application/problem+json; charset=utf-8');
  const problem: ProblemAnswer = JSON.parse(text);
  expect(problem, text).toMatchObject({ type: `/docs/errors#${code}`, title, status, code });
  expect(answer.status, text).toBe(status);
  expectSentence(problem.detail);
  expect(text).not.toMatch(insides);
  if (field === null) expect(problem.field, text).toBeUndefined();
  if (typeof field === 'string') expect(problem.field, text).toBe(field);
  expectFrameworkKeys(problem);
  return problem;
}

/** Promises that a text is a sentence for a person, not a dump. */
export function expectSentence(text: unknown): void {
  expect(text).toEqual(expect.any(String));
  expect(text).toMatch(/^\S.{11,}[.!?]$/s);
  expect(text).not.toMatch(insides);
}

/** `non_field_errors` where no field is at fault, else each field's own array, as in REST framework. */
function expectFrameworkKeys(problem: ProblemAnswer): void {
  const { field, detail } = problem;
  if (field === undefined) {
    expect(problem.non_field_errors).toEqual([detail]);
    return;
  }
  expect(problem.non_field_errors).toBeUndefined();
  const named = Object.keys(problem).filter((key) => !reserved.has(key));
  for (const key of named) expect(problem[key]).toEqual(expect.arrayContaining([expect.any(String)]));
  if (!reserved.has(field)) expect(named).toContain(field);
}
