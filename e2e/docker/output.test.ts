import { startService } from '../harness/service.ts';
import { describeOutput } from '../suites/endpoints/output.ts';

describeOutput('docker', startService);
