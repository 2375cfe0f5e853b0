// Microsoft's own client for bots, and its own check of tokens, against a
// connector. What to try is read from standard input; what came of each try is
// written as {"name": "what was said, or nothing if it is as it must be"}.
const { ChannelValidation, ConnectorClient, SimpleCredentialProvider } = require("botframework-connector");
const { TokenCredentials } = require("botframework-connector/lib/auth/tokenCredentials");
const { JsonWebTokenError } = require("jsonwebtoken"); // what its check of tokens is built on

const results = {};

// attempt notes how a try ended. It must succeed, or fail with a status.
async function attempt(name, status, f) {
  try {
    const said = await f();
    results[name] = status ? `taken, and ${status} was due` : said || "";
  } catch (e) {
    results[name] = status && e.statusCode === status ? "" : `${e.statusCode}: ${e.message}`;
  }
}

const differ = (got, want) => (got === want ? "" : `it is ${JSON.stringify(got)}, and not ${JSON.stringify(want)}`);

async function ownToken(o) {
  const form = { grant_type: "client_credentials", client_id: o.app, client_secret: o.secret, scope: o.scope };
  const r = await fetch(o.login, { method: "POST", body: new URLSearchParams(form) });
  return (await r.json()).access_token;
}

function client(o, token) {
  const credentials = token ? new TokenCredentials(token) : { signRequest: async (r) => r };
  return new ConnectorClient(credentials, { baseUri: o.service, noRetryPolicy: true }).conversations;
}

const message = (text) => ({ type: "message", text });
const card = (text) => ({
  type: "message",
  attachments: [{
    contentType: "application/vnd.microsoft.card.adaptive",
    content: { type: "AdaptiveCard", version: "1.5", body: [{ type: "TextBlock", text }] },
  }],
});

async function calls(o) {
  const c = client(o, await ownToken(o));
  let sent;
  await attempt("create a chat", 0, async () => {
    const made = await c.createConversation({ isGroup: false, members: [{ id: o.person }], tenantId: o.tenant, bot: { id: o.app } });
    return differ(made.id, o.chat);
  });
  await attempt("begin a thread", 0, async () => {
    const made = await c.createConversation({
      isGroup: true, tenantId: o.tenant, bot: { id: o.app }, activity: message("a thread"),
      channelData: { channel: { id: o.channel }, tenant: { id: o.tenant } },
    });
    return differ(made.id, `${o.channel};messageid=${made.activityId}`);
  });
  await attempt("send", 0, async () => {
    sent = await c.sendToConversation(o.chat, card("first"));
    return sent.id ? "" : "there is no id";
  });
  await attempt("update", 0, async () => differ((await c.updateActivity(o.chat, sent.id, card("second"))).id, sent.id));
  await attempt("delete", 0, async () => { await c.deleteActivity(o.chat, sent.id); });
  await attempt("update what is deleted", 404, () => c.updateActivity(o.chat, sent.id, card("third")));
  await attempt("members", 0, async () => differ((await c.getConversationMembers(o.group)).map((m) => m.id).join(), o.members.join()));
  await attempt("pages of members", 0, async () => differ((await c.getConversationPagedMembers(o.group)).members.map((m) => m.id).join(), o.members.join()));
  await attempt("a member", 0, async () => differ((await c.getConversationMember(o.chat, o.person)).id, o.person));

  await attempt("no token", 401, () => client(o, "").sendToConversation(o.group, message("hello")));
  await attempt("a token that nobody gave out", 401, () => client(o, "made-up").sendToConversation(o.group, message("hello")));
  await attempt("a message that is too large", 413, () => c.sendToConversation(o.group, message("x".repeat(60000))));
  await attempt("a card that is too large", 413, () => c.sendToConversation(o.group, card("x".repeat(29000))));
  await attempt("an activity of no kind", 400, () => c.sendToConversation(o.group, { type: "magic" }));
}

async function tokens(o) {
  ChannelValidation.OpenIdMetadataEndpoint = o.metadata;
  const app = new SimpleCredentialProvider(o.app, "");
  for (const [name, t] of Object.entries(o.tokens)) {
    let said;
    try {
      await ChannelValidation.authenticateChannelTokenWithServiceUrl("Bearer " + t.token, app, o.service, "msteams");
      said = t.good ? "" : "accepted";
    } catch (e) {
      const judged = e.statusCode === 401 || e instanceof JsonWebTokenError; // anything else is a failure of the try
      said = t.good || !judged ? `refused: ${e.message}` : "";
    }
    results["token: " + name] = said;
  }
}

async function main() {
  let text = "";
  for await (const part of process.stdin) text += part;
  const o = JSON.parse(text);
  await calls(o);
  await tokens(o);
  process.stdout.write(JSON.stringify(results));
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
