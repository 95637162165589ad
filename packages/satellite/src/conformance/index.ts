export * from './describe-satellite.ts';
export type * from './harness.ts';
export type * from './promises.ts';
