import { startService } from '../harness/service.ts';
import { describeOldClient } from '../suites/old-client/old-client.ts';

describeOldClient('docker', startService);
