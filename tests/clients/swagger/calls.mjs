// From the landing page to an execution by the API definition alone; what was seen is told as one JSON object.
import SwaggerParser from "@apidevtools/swagger-parser";
import SwaggerClient from "swagger-client";

const OPENAPI = "application/vnd.oai.openapi+json;version=3.0";

const landingPage = await (await fetch(process.argv[2])).json();
const link = landingPage.links.find(({ rel, type }) => rel === "service-desc" && type === OPENAPI);
const definition = await (await fetch(link.href)).json();

// The parser may resolve references within the document only: any other would need the network.
await SwaggerParser.validate(structuredClone(definition), { resolve: { external: false } });

const client = await new SwaggerClient({ spec: definition });
const execute = (process, inputs, parameters = {}) =>
  client.execute({
    pathName: `/processes/${process}/execution`,
    method: "post",
    parameters,
    requestBody: { inputs, response: "document" },
  });
const sync = await execute("simple_process", { input_text: "hello" });
const async = await execute("simple_process", { input_text: "hello" }, { Prefer: "respond-async" });
const refused = await execute("simple_process", { input_txt: "hello" }).catch((error) => error.response);

console.log(
  JSON.stringify({
    faults: client.errors.map(String),
    operations: Object.values(client.apis).flatMap(Object.keys),
    sync: { status: sync.status, body: sync.body },
    async: { status: async.status, body: async.body, location: async.headers.location },
    refused: { status: refused.status, problem: JSON.parse(refused.text) },
  }),
);
