// The stream on which the server's messages come, kept whole. Gradio's server closes its stream when no
// event is under way, and Gradio's client forgets an event that began while that word was still coming: a
// click right after an answer would do nothing. So the client gets one stream that is never closed; when the
// server has closed its own and an event begins, the messages come from a new one.
// A patch of the client of Gradio 6.31.0; it goes when that client keeps events that begin while the stream
// closes. It runs once, before the page is built.
const toServer = window.fetch.bind(window);
const begun = new Set(); // events whose last message has not come
const over = new Set(); // events whose last message came before the answer that they had begun
/** @type {(value?: unknown) => void} */
let wake = () => {}; // the stream goes on, which waits for an event to begin

window.fetch = async (...request) => {
  const { pathname } = new URL(request[0] instanceof Request ? request[0].url : request[0], location.href);
  const response = await toServer(...request);
  if (response.ok && pathname.endsWith("/queue/join")) await noteBegun(response.clone());
  return response.ok && pathname.endsWith("/queue/data") ? keptOpen(response, request) : response;
};

async function noteBegun(answer) {
  const { event_id } = await answer.json();
  if (over.delete(event_id)) return;
  begun.add(event_id);
  wake();
}

/** @param {Response} first @param {Parameters<typeof fetch>} request */
function keptOpen(first, request) {
  const body = new ReadableStream({
    async start(out) {
      try {
        for (let stream = first;; stream = await toServer(...request)) {
          await pass(stream, out);
          if (!begun.size) await new Promise((goOn) => (wake = goOn));
        }
      } catch (error) {
        begun.clear(); // the client takes them for failed
        out.error(error);
      }
    },
  });
  return new Response(body, { headers: first.headers });
}

// All messages of one stream of the server's but the one that closes it.
async function pass(stream, out) {
  const [reader, encoder] = [stream.body.pipeThrough(new TextDecoderStream()).getReader(), new TextEncoder()];
  let [rest, count] = ["", 0];
  for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
    const messages = (rest + value).split(/(?<=\n\n)/);
    rest = messages.at(-1)?.endsWith("\n\n") ? "" : messages.pop() ?? "";
    count += messages.length;
    for (const message of messages.filter(isForClient)) out.enqueue(encoder.encode(message));
  }
  if (!count) throw new TypeError("The server's stream was empty.");
}

// In texts quotation marks are written \", so these words can be nothing but names and values.
function isForClient(message) {
  const id = message.match(/"event_id":"([^"]*)"/)?.[1];
  if (message.includes('"msg":"process_completed"') && !begun.delete(id)) over.add(id);
  if (message.includes('"msg":"unexpected_error"')) begun.clear();
  return !message.includes('"msg":"close_stream"');
}
