import { startService } from '../harness/service.ts';
import { describeLiveOutput } from '../suites/endpoints/live-output.ts';

describeLiveOutput('docker', startService);
