import { startService } from '../harness/service.ts';
import { shareService } from '../harness/suite.ts';
import { describeEveryEndpoint } from '../suites/endpoints/every-endpoint.ts';
import { describeLiveOutput } from '../suites/endpoints/live-output.ts';
import { describeNodes } from '../suites/endpoints/nodes.ts';
import { describeOutput } from '../suites/endpoints/output.ts';

const start = shareService(startService);
describeEveryEndpoint('docker', start);
describeOutput('docker', start);
describeLiveOutput('docker', start);
describeNodes('docker', start);
