import { startService } from '../harness/service.ts';
import { describeAtOnce } from '../suites/endpoints/at-once.ts';

describeAtOnce('docker', startService);
