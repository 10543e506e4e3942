/** The table of DESIGN: who may import whom. Types count; there are no circles. */
const allowed = {
  cli: ['lab', 'client', 'server', 'storage', 'protocol', 'bench'],
  lab: ['client', 'server', 'protocol'],
  web: ['client', 'protocol'],
  server: ['supervisors', 'actors', 'storage', 'protocol'],
  client: ['protocol'],
  supervisors: ['actors'],
  actors: [],
  storage: ['protocol'],
  protocol: [],
  examples: ['actors', 'supervisors'],
};
const folders = Object.entries(allowed).map(([from, to]) => ({
  name: `${from}-imports-only-its-row`,
  severity: 'error',
  from: { path: `^${from}/` },
  to: {
    path: '^(cli|lab|web|server|client|supervisors|actors|storage|protocol|examples|bench|test)/',
    pathNot: `^(${[from, ...to].join('|')})/`,
  },
}));
const oneImporter = (name, from) => ({
  name: `${name}-has-one-importer`,
  severity: 'error',
  from: { pathNot: `^(${from}|bench|test)/` },
  to: { path: `node_modules/(${name})(/|$)` },
});
module.exports = {
  forbidden: [
    ...folders,
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'server-cannot-read-messages',
      comment: 'Promise 5: what is inside a body is the clients’ business.',
      severity: 'error',
      from: { path: '^(server|storage|actors|supervisors)/' },
      to: { path: '^protocol/(e2ee|content)/' },
    },
    {
      // Rows are stored as they are on the wire; of packets and frames the store knows nothing.
      name: 'storage-takes-types-ids-and-encoded-rows-from-protocol',
      severity: 'error',
      from: { path: '^storage/' },
      to: {
        path: '^protocol/(codec|crypto)/',
        pathNot: '^protocol/codec/(encoded-rows|rows|writer)\\.ts$',
      },
    },
    oneImporter('nact', 'actors'),
    oneImporter('better-sqlite3', 'storage'),
    oneImporter('uWebSockets\\.js|uws-pack', 'server/gateway'),
    oneImporter('@noble', 'protocol/crypto|protocol/e2ee'),
    oneImporter('acme-client|@peculiar/x509', 'server/acme'),
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|\\.tap)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.json'],
    },
  },
};
