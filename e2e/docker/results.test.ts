import { startService } from '../harness/service.ts';
import { shareService } from '../harness/suite.ts';
import { describeArchive } from '../suites/endpoints/archive.ts';
import { describeFiles } from '../suites/endpoints/files.ts';
import { describeOddNames } from '../suites/endpoints/odd-names.ts';

const start = shareService(startService);
describeFiles('docker', start);
describeOddNames('docker', start);
describeArchive('docker', start);
