import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SetupFailure } from '../failure.mjs';
import { logs } from '../root.mjs';
import { readTail, requireSuccess } from '../run-logged.mjs';
import { defaultHost } from './address.mjs';
import { probe } from './find.mjs';
import { findProgram } from './install.mjs';

const daemonLog = '/var/log/boatload-dockerd.log';
const pidFile = '/var/run/docker.pid';
const containerdPidFile = '/var/run/docker/containerd/containerd.pid';
const deadline = 60_000;

/**
 * Starts the Engine that is installed here and waits until it answers: through systemd where it rules,
 * otherwise as a process of its own, which outlives this one.
 * @param {import('../announcer.mjs').Announcer} announcer
 */
export async function startEngine(announcer) {
  if (existsSync('/run/systemd/system')) return startService(announcer);
  requireControlGroups();
  const running = readRunningDaemon();
  const line = announcer.begin(
    'Docker Engine',
    running === undefined ? `starting dockerd (its log: ${daemonLog})` : `waiting for dockerd, process ${running}`,
  );
  try {
    await waitForAnswer(running === undefined ? spawnDaemon() : undefined);
  } catch (error) {
    line.failed();
    throw error;
  }
  line.done();
}

/** @param {import('../announcer.mjs').Announcer} announcer */
async function startService(announcer) {
  const line = announcer.begin('Docker Engine', 'starting its service');
  try {
    await requireSuccess({
      command: 'systemctl',
      args: ['start', 'docker'],
      log: join(logs, 'systemctl.log'),
      failed: 'The Docker Engine could not be started: systemctl start docker failed.',
      next: 'Its log says why: journalctl -u docker -n 50',
    });
    await waitForAnswer(undefined);
  } catch (error) {
    line.failed();
    throw error;
  }
  line.done();
}

function requireControlGroups() {
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  if (/ cgroup2? /.test(mounts)) return;
  throw new SetupFailure(
    'Docker Engine needs control groups, but /sys/fs/cgroup is not mounted. Mount it, then run this command again:\n\n  mount -t cgroup2 none /sys/fs/cgroup',
  );
}

/** The process id of a dockerd that runs already: the package may have started it, or it is still starting. */
function readRunningDaemon() {
  return readLiving(pidFile, 'dockerd');
}

/**
 * The process id in a file, if that process is still the program that wrote it.
 * @param {string} file
 * @param {string} program
 */
function readLiving(file, program) {
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').trim());
  const command = `/proc/${pid}/comm`;
  return existsSync(command) && readFileSync(command, 'utf8').trim() === program ? pid : undefined;
}

/**
 * Removes what a killed daemon left: it takes whatever process has the number now for itself, and doesn't start.
 */
function forgetDead() {
  if (readLiving(pidFile, 'dockerd') === undefined) rmSync(pidFile, { force: true });
  if (readLiving(containerdPidFile, 'containerd') === undefined) rmSync(containerdPidFile, { force: true });
}

function spawnDaemon() {
  mkdirSync(dirname(daemonLog), { recursive: true });
  forgetDead();
  const output = openSync(daemonLog, 'a');
  // A session of its own: Ctrl-C in the demo must not reach the Engine.
  const daemon = spawn(findProgram('dockerd') ?? 'dockerd', [], {
    detached: true,
    cwd: '/',
    // iptables lies in folders that are not on every root's path.
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin` },
    stdio: ['ignore', output, output],
  });
  daemon.unref();
  closeSync(output);
  return daemon;
}

/**
 * @param {import('node:child_process').ChildProcess | undefined} daemon The process that we started.
 */
async function waitForAnswer(daemon) {
  /** @type {string | undefined} */
  let ended;
  daemon?.once('error', (error) => (ended = `it could not be started: ${error.message}`));
  daemon?.once('exit', (code) => (ended = `dockerd ended with exit code ${code}`));
  const until = performance.now() + deadline;
  for (;;) {
    if ((await probe(defaultHost)).outcome === 'answers') return;
    if (ended !== undefined || performance.now() > until) {
      throw new SetupFailure(
        await describeSilence(ended ?? `no answer within ${deadline / 1000} s`, daemon !== undefined),
      );
    }
    await pause(50);
  }
}

/**
 * @param {string} why
 * @param {boolean} ours
 */
async function describeSilence(why, ours) {
  const log = ours ? await readTail(daemonLog) : '';
  const tail = ours ? `\n\n${log}\n\nThe whole log: ${daemonLog}` : '';
  const iptables = log.includes('iptables failed')
    ? '\nIf the kernel has no nf_tables, this helps: update-alternatives --set iptables /usr/sbin/iptables-legacy'
    : '';
  return `The Docker Engine does not answer at ${defaultHost}: ${why}.${tail}${iptables}\nCorrect what its log says, start it (dockerd), then run this command again.`;
}
