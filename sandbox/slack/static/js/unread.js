// What each person has seen: a channel with something newer is unread. Forgotten when the page is left.

const seen = new Map();

const key = (user, channel) => `${user}/${channel}`;

// The first look at a channel counts as having read it: the page begins with nothing unread.
export function unreadOf(view, looking) {
  const unread = new Set();
  for (const channel of view.channels) {
    const name = key(view.me.id, channel.id);
    const latest = channel.latest ?? "";
    if (!seen.has(name) || (looking && channel.id === view.channel.id)) seen.set(name, latest);
    else if (latest > seen.get(name)) unread.add(channel.id);
  }
  return unread;
}
