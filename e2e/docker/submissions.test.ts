import { startService } from '../harness/service.ts';
import { shareService } from '../harness/suite.ts';
import { describeAtOnce } from '../suites/endpoints/at-once.ts';
import { describeData } from '../suites/endpoints/data.ts';
import { describeFetching } from '../suites/endpoints/fetching.ts';
import { describeScripts } from '../suites/endpoints/scripts.ts';
import { describeSubmitting } from '../suites/endpoints/submitting.ts';

const start = shareService(startService);
describeSubmitting('docker', start);
describeScripts('docker', start);
describeData('docker', start);
describeFetching('docker', start);
describeAtOnce('docker', start);
