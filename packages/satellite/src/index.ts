export type { FetchPolicy } from '@boatload/fetch';
export { createLocalSatellite } from './local-satellite.ts';
export type { LocalSatelliteOptions } from './local-satellite-options.ts';
export type { SatelliteLog } from './satellite-log.ts';
export type { StagingLimits } from './staging/limits.ts';
export type { DataProxy } from './staging/proxy-environment.ts';
