/** Says what is wrong on a Node that is too old, before anything that needs a newer one is loaded. */

export const NODE_MAJOR_MIN = 24;

/** Ends the process with one sentence on an older Node. */
export function refuseOldNode(): void {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) >= NODE_MAJOR_MIN) return;
  process.stderr.write(
    `Hookline needs Node ${NODE_MAJOR_MIN}; this is Node ${node}. Use \`npm start\`: it runs the ` +
      'Node that `npm ci` installed.\n',
  );
  process.exit(1);
}
