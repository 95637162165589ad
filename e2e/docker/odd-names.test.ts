import { startService } from '../harness/service.ts';
import { describeOddNames } from '../suites/endpoints/odd-names.ts';

describeOddNames('docker', startService);
