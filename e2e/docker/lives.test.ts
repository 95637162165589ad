import { startService } from '../harness/service.ts';
import { shareService } from '../harness/suite.ts';
import { describeBeforeStart } from '../suites/endpoints/before-start.ts';
import { describeEnds } from '../suites/endpoints/ends.ts';
import { describeEvents } from '../suites/endpoints/events.ts';
import { describeListing } from '../suites/endpoints/listing.ts';
import { describeStateAndMetrics } from '../suites/endpoints/state-and-metrics.ts';

const start = shareService(startService);
describeBeforeStart('docker', start);
describeEnds('docker', start);
describeStateAndMetrics('docker', start);
describeListing('docker', start);
describeEvents('docker', start);
