export { parseFetchRule } from '@boatload/fetch';
export { hashPassword, type PasswordAlgorithm, passwordAlgorithms } from './auth/index.ts';
export {
  type CacheQuota,
  type DataProxyConfig,
  defaultLimits,
  type FetchConfig,
  type ServiceConfig,
  type ServiceLimits,
} from './config.ts';
export { type RunningService, startService } from './main.ts';
export { version } from './version.ts';
