import { startService } from '../harness/service.ts';
import { describeEnds } from '../suites/endpoints/ends.ts';

describeEnds('docker', startService);
