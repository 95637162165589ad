import { startService } from '../harness/service.ts';
import { shareService } from '../harness/suite.ts';
import { describeArchive } from '../suites/endpoints/archive.ts';
import { describeData } from '../suites/endpoints/data.ts';
import { describeFiles } from '../suites/endpoints/files.ts';

// What an Engine elsewhere gives: every container has a copy of its data. Same results, same tests.
const start = shareService(() => startService({ args: ['--views', 'off'] }));
describeData('docker, without views', start);
describeFiles('docker, without views', start);
describeArchive('docker, without views', start);
