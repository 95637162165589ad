export type * from './capabilities.ts';
export type * from './port.ts';
