import { startService } from '../harness/service.ts';
import { describeArchive } from '../suites/endpoints/archive.ts';

describeArchive('docker', startService);
