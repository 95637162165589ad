import { startService } from '../harness/service.ts';
import { describeSubmitting } from '../suites/endpoints/submitting.ts';

describeSubmitting('docker', startService);
