import { startService } from '../harness/service.ts';
import { describeBeforeStart } from '../suites/endpoints/before-start.ts';

describeBeforeStart('docker', startService);
