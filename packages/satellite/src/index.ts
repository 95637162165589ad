export type { FetchPolicy } from './fetch/address-policy.ts';
export { createLocalSatellite } from './local-satellite.ts';
export type { LocalSatelliteOptions } from './local-satellite-options.ts';
export type { SatelliteLog } from './satellite-log.ts';
export type { StagingLimits } from './staging/limits.ts';
