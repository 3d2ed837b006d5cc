// The guided tour: six steps, each done by one press, the last of which kills the bot and starts it again.

import { button, element } from "./dom.js";

// A step is done when what it asked for is answered.
async function answered(page, act) {
  const since = page.latest();
  await act();
  await page.answeredSince(since);
}

const STEPS = [
  {
    title: "Somebody asks",
    text: "Jane cannot pay. An agent types her address; Casefile asks every tool at once and answers in a thread, which grows as slower tools come in.",
    label: "Ask about Jane",
    run: (page) => answered(page, () => page.say(`${page.command()} jane@contoso.example`)),
  },
  {
    title: "The same question again costs nothing",
    text: "The answer is remembered. Ask once more and look at “Calls left and saved”: no call is spent.",
    label: "Ask again",
    run: (page) => answered(page, () => page.say(`${page.command()} jane@contoso.example`)),
  },
  {
    title: "A ticket comes in",
    text: "A help desk posts a new ticket. Nobody asks: Casefile reads who wrote in, and replies in the ticket’s own thread.",
    label: "Post a ticket",
    run: (page) => answered(page, page.ticket),
  },
  {
    title: "A pasted link becomes a card",
    text: "Somebody pastes the address of a session. Casefile shows whose it is and what happened in it.",
    label: "Paste a link",
    run: (page) => page.paste(),
  },
  {
    title: "A tool breaks down",
    text: "While FullStory is down the others still answer, and the answer says plainly who could not be asked.",
    label: "Break FullStory and ask",
    run: async (page) => {
      await page.vendor("FullStory", "down");
      await answered(page, () => page.say(`${page.command()} noor@contoso.example fresh`));
    },
    after: (page) => page.vendor("FullStory", "well"),
  },
  {
    title: "The bot is killed in the middle of it",
    text: "A question is asked, the bot’s process is killed at once, and started again. The question was written down before it was accepted: it is answered, exactly once.",
    label: "Ask, kill and restart",
    needs: "kill",
    run: (page) => answered(page, async () => {
      await page.say(`${page.command()} cust-8841`);
      await page.control("kill");
      page.told("Casefile was killed. It starts again…");
      await page.control("start");
      page.told("Casefile is back, and finishes what it had begun.");
    }),
  },
];

// Draws the step `at` (from 0) into `box`; `page` does things, `move` goes to another step or ends the tour.
export function drawTour(box, at, page, move) {
  const steps = STEPS.filter((one) => !one.needs || page.controls().includes(one.needs));
  const step = steps[at];
  box.replaceChildren();
  box.hidden = !step;
  if (!step) return;
  const next = button(at + 1 < steps.length ? "button" : "button primary", element("span", "", at + 1 < steps.length ? "Next" : "End the tour"), async () => {
    await step.after?.(page);
    move(at + 1 < steps.length ? at + 1 : -1);
  });
  const done = element("span", "done", "");
  done.setAttribute("role", "status");
  const go = button("button primary", element("span", "", step.label), async () => {
    go.disabled = true;
    await step.run(page);
    go.disabled = false;
    go.classList.remove("primary");
    done.textContent = "✓ Done: look above";
    next.focus();
  });
  const stop = button("plain", "✕", async () => {
    await step.after?.(page);
    move(-1);
  });
  stop.setAttribute("aria-label", "End the tour");
  stop.style.cssText = "position:absolute;right:6px;top:6px";
  box.append(
    element("div", "steps", `Guided tour, step ${at + 1} of ${steps.length}`),
    element("h3", "", step.title),
    element("p", "", step.text),
    element("div", "row-buttons", go, next, done),
    stop,
  );
}
