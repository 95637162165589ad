import { startService } from '../harness/service.ts';
import { describeScripts } from '../suites/endpoints/scripts.ts';

describeScripts('docker', startService);
