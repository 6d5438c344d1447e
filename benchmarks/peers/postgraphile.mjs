// PostGraphile as its documentation sets it up: automatic mutations and connections of the schema `peer`, the plugin
// for range filters and the one for aggregates, to which a count is added.
import { createServer } from "node:http";
import { PgAggregatesPreset } from "@graphile/pg-aggregates";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";

const CONNECTIONS = 20;
const MAX_BODY_BYTES = 64 * 1024 * 1024;

const CountPlugin = {
  name: "CountPlugin",
  version: "1.0.0",
  after: ["PgAggregatesSpecsPlugin"],
  schema: {
    hooks: {
      build: {
        after: ["PgAggregatesSpecsPlugin"],
        callback(build) {
          build.pgAggregateSpecs.push({
            id: "count",
            humanLabel: "count",
            HumanLabel: "Count",
            isSuitableType: () => true,
            sqlAggregateWrap: (fragment) => build.sql`count(${fragment})`,
            pgTypeCodecModifier: () => build.dataplanPg.TYPES.bigint,
          });
          return build;
        },
      },
    },
  },
};

const instance = postgraphile({
  extends: [PostGraphileAmberPreset, PgAggregatesPreset, PostGraphileConnectionFilterPreset],
  plugins: [CountPlugin],
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ["peer"],
      poolConfig: { max: CONNECTIONS, options: "-c timezone=UTC" },
    }),
  ],
  grafserv: { graphiql: false, watch: false, maxRequestLength: MAX_BODY_BYTES },
  grafast: { explain: false },
});
const server = createServer();
server.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
await instance.createServ(grafserv).addTo(server);
server.listen(Number(process.env.PORT), "127.0.0.1");
