import { startService } from '../harness/service.ts';
import { describeStateAndMetrics } from '../suites/endpoints/state-and-metrics.ts';

describeStateAndMetrics('docker', startService);
