// What was typed and is not yet there: shown as being sent, or as not sent with a way to try again.

let number = 0;
const list = [];

export function pendingIn(user, channel, thread) {
  return list.filter((one) => one.user === user && one.channel === channel && one.thread === thread);
}

function drop(one) {
  const at = list.indexOf(one);
  if (at >= 0) list.splice(at, 1);
}

// `deliver` returns an error's words, or nothing when it has arrived; `changed` draws.
export async function sendTyped({ user, channel, thread, text, deliver, changed }) {
  const one = { id: number += 1, user, channel, thread, text, error: "" };
  one.again = () => {
    drop(one);
    sendTyped({ user, channel, thread, text, deliver, changed });
  };
  one.discard = () => {
    drop(one);
    changed();
  };
  list.push(one);
  changed();
  one.error = (await deliver()) || "";
  if (!one.error) drop(one);
  changed();
}
