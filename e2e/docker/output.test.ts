import { startService } from '../harness/service.ts';
import { shareService } from '../harness/suite.ts';
import { describeLiveOutput } from '../suites/endpoints/live-output.ts';
import { describeOutput } from '../suites/endpoints/output.ts';

const start = shareService(startService);
describeOutput('docker', start);
describeLiveOutput('docker', start);
