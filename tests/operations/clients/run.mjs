// node run.mjs CLIENT URL PASSWORD: live the story with one client, and print what came of it.

import { live } from "./story.mjs";

const [client, url, password] = process.argv.slice(2);
const { connector } = await import(`./${client}.mjs`);
console.log(JSON.stringify(await live(connector(url), password)));
