export * from './connect.ts';
export * from './engine-options.ts';
export * from './engine-response.ts';
export * from './errors.ts';
