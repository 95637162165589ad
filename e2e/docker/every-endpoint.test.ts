import { startService } from '../harness/service.ts';
import { describeEveryEndpoint } from '../suites/endpoints/every-endpoint.ts';

describeEveryEndpoint('docker', startService);
