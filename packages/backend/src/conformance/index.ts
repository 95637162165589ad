export * from './describe-backend.ts';
export type * from './harness.ts';
export type * from './promises.ts';
