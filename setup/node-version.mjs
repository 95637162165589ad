import { SetupFailure } from './failure.mjs';

const oldest = { major: 20, minor: 19 };

/**
 * @param {string} [version] As `process.version` writes it.
 * @throws SetupFailure when BoatLoad does not run on it
 */
export function requireNode(version = process.version) {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return;
  throw new SetupFailure(
    [
      `BoatLoad needs Node.js ${oldest.major}.${oldest.minor} or newer; this is ${version} (${process.execPath}).`,
      'Install a newer one, then run this command again:',
      '',
      '  Debian, Ubuntu   curl -fsSL https://deb.nodesource.com/setup_22.x | sudo bash - && sudo apt-get install -y nodejs',
      '  Fedora           sudo dnf install -y nodejs22 nodejs22-npm',
      '  macOS            brew install node@22 && brew link --overwrite node@22',
      '  with nvm         nvm install 22',
    ].join('\n'),
  );
}
