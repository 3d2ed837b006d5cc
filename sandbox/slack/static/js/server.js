// The page's talk with the sandbox: what one person sees, what they do, and what changes.

async function post(act, body) {
  try {
    const response = await fetch(`/page/${act}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json().catch(() => ({ error: `HTTP ${response.status}` }));
    return response.ok ? { ...answer, error: "" } : { error: answer.error };
  } catch {
    return { error: "the sandbox does not answer" };
  }
}

const get = async (path) => (await fetch(path)).json();

export const server = {
  post,
  view: (here) => get(`/page/view?${new URLSearchParams(here)}`),
  panel: () => get("/page/panel"),
  follow({ changed, lost, back }) {
    const live = new EventSource("/page/live");
    live.onmessage = changed;
    live.onerror = lost;
    live.onopen = back;
    // A stream that is left open would keep the next page of this browser waiting for a connection.
    addEventListener("pagehide", () => live.close());
  },
};
