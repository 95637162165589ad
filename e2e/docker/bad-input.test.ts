import { startService } from '../harness/service.ts';
import { describeBadInput } from '../suites/bad-input/bad-input.ts';

describeBadInput('docker', startService);
