// Passes each request to the next server, as a load balancer does.
import { createServer, request } from "node:http";

/** @returns its address, and a function that ends it */
export async function startBalancer(urls) {
  let turn = 0;
  const balancer = createServer((incoming, outgoing) => {
    const { method, headers } = incoming;
    const onward = request(urls[turn++ % urls.length], { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.once("error", () => outgoing.writeHead(502).end());
    incoming.pipe(onward);
  });
  balancer.listen(0, "127.0.0.1");
  await new Promise((resolve) => balancer.once("listening", resolve));
  return {
    url: `http://127.0.0.1:${balancer.address().port}/mcp`,
    stop: () => {
      balancer.close();
      balancer.closeAllConnections();
    },
  };
}
