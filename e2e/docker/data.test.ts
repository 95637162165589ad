import { startService } from '../harness/service.ts';
import { describeData } from '../suites/endpoints/data.ts';

describeData('docker', startService);
