/**
 * What to do where set-up cannot help: one message with the exact commands.
 * @typedef {import('./find.mjs').Probe} Probe
 */

const again = 'Then run this command again.';

/**
 * The Engine that DOCKER_HOST names does not answer.
 * @param {Probe} probe
 */
export function adviseDockerHost(probe) {
  return `DOCKER_HOST is ${probe.host}, but no Docker Engine answers there: ${probe.detail}.\nStart it or correct DOCKER_HOST; to use an Engine of this machine, run: unset DOCKER_HOST`;
}

/**
 * The Engine's socket is there, but not for this user.
 * @param {Probe} probe
 */
export function advisePermission(probe) {
  return [
    `A Docker Engine is installed, but you may not use its socket ${probe.host}.`,
    'Join its group, then log in again (newgrp does so for this shell):',
    '',
    '  sudo usermod -aG docker "$USER"',
    '  newgrp docker',
    '',
    `${again} Or run it with sudo.`,
  ].join('\n');
}

/** An Engine is installed here but does not run, and this user may not start it. */
export function adviseStart() {
  return [
    'A Docker Engine is installed, but it does not run, and only root may start it:',
    '',
    '  sudo systemctl enable --now docker',
    '',
    `${again} Where there is no systemd, run it once with sudo.`,
  ].join('\n');
}

/**
 * No Engine anywhere, and none that could be installed from here.
 * @param {string} why Why set-up does not install one itself: a half sentence.
 * @param {readonly Probe[]} probes
 */
export function adviseInstallation(why, probes) {
  return [
    `BoatLoad runs containers on a Docker Engine, and none answers on this machine. It is not installed for you because ${why}.`,
    'Install one:',
    '',
    '  Debian, Ubuntu   sudo apt-get update && sudo apt-get install -y docker.io',
    '                   sudo usermod -aG docker "$USER" && newgrp docker',
    '  Fedora           sudo dnf install -y moby-engine && sudo systemctl enable --now docker',
    '                   sudo usermod -aG docker "$USER" && newgrp docker',
    '  macOS            brew install colima docker && colima start',
    '',
    `${again} An Engine elsewhere, or Podman, is used where DOCKER_HOST names its socket:`,
    '',
    '  systemctl --user start podman.socket',
    '  export DOCKER_HOST="unix://$XDG_RUNTIME_DIR/podman/podman.sock"',
    '',
    `Looked at: ${probes.map((probe) => `${probe.host} (${probe.detail})`).join(', ')}.`,
  ].join('\n');
}
