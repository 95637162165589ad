export type { FetchPolicy } from './fetch/address-policy.ts';
export { createLocalSatellite, type LocalSatelliteOptions } from './local-satellite.ts';
export type { SatelliteLog } from './satellite-log.ts';
export type { StagingLimits } from './staging/limits.ts';
