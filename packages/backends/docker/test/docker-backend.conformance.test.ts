import { describeBackend } from '@boatload/backend/conformance';
import { DockerNode } from './harness/docker-node.ts';

describeBackend('docker', () => DockerNode.open());
