import { readFile } from 'node:fs/promises';

/** CAP_SYS_ADMIN: without it Linux says of extended attributes `trusted.*` that there are none (xattr(7)). */
const systemAdministration = 1n << 21n;

/** Whether this process is shown the extended attributes in which an overlay keeps what was deleted. */
export async function seesTrustedAttributes(): Promise<boolean> {
  return hasAdministration(await readFile('/proc/self/status', 'latin1').catch(() => ''));
}

/** @param status what /proc/PID/status says of a process */
export function hasAdministration(status: string): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective !== undefined && (BigInt(`0x${effective}`) & systemAdministration) !== 0n;
}
