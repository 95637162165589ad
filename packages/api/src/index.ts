export { hashPassword, type PasswordAlgorithm, passwordAlgorithms } from './auth/index.ts';
export { defaultLimits, type ServiceConfig, type ServiceLimits } from './config.ts';
export { type RunningService, startService } from './main.ts';
export { version } from './version.ts';
