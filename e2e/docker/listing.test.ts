import { startService } from '../harness/service.ts';
import { describeListing } from '../suites/endpoints/listing.ts';

describeListing('docker', startService);
