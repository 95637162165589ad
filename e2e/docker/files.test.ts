import { startService } from '../harness/service.ts';
import { describeFiles } from '../suites/endpoints/files.ts';

describeFiles('docker', startService);
