// Plays a session's recording: fetches rrweb's events when somebody presses, and hands them to rrweb's player.
//
// The player builds the recorded pages in a frame of its own, in which no script runs; what they would load from
// elsewhere, this page's Content-Security-Policy does not let them.
"use strict";

const main = document.querySelector("main");
const button = document.getElementById("play");
const target = document.getElementById("player");
const said = document.getElementById("said");
// What the player's controls need below the pages, and what the pages are at least wide and high, in pixels.
const CONTROLS = 80;
const LEAST = 240;

function say(words) {
  said.textContent = words;
}

async function fetched() {
  let answer;
  try {
    answer = await fetch(`${location.pathname}/events`, { method: "POST", cache: "no-store" });
  } catch {
    throw new Error(main.dataset.notFetched);
  }
  const told = await answer.json().catch(() => ({ words: main.dataset.notFetched }));
  if (!answer.ok) throw new Error(told.words ?? main.dataset.notFetched);
  return told.events;
}

// The player's buttons are pictures alone.
function nameButtons() {
  const buttons = target.querySelectorAll(".rr-controller__btns button");
  buttons[0]?.setAttribute("aria-label", "Play or pause");
  buttons[buttons.length - 1]?.setAttribute("aria-label", "Full screen");
}

function play(events) {
  const width = Math.max(LEAST, main.clientWidth - 24);
  const height = Math.max(LEAST, Math.min(window.innerHeight - CONTROLS - 60, Math.round(width * 0.7)));
  new window.rrwebPlayer.default({
    target,
    props: { events, width, height, autoPlay: true, skipInactive: true, showWarning: false, mouseTail: false },
  });
  nameButtons();
}

async function start() {
  button.disabled = true;
  say(main.dataset.loading);
  try {
    const events = await fetched();
    try {
      play(events);
    } catch {
      target.replaceChildren();
      throw new Error(main.dataset.notPlayed);
    }
    button.remove();
    say(main.dataset.played);
  } catch (error) {
    button.disabled = false;
    say(error.message);
  }
}

if (window.origin === "null") {
  // Without allow-same-origin the player cannot reach its own frame.
  button.remove();
  say(main.dataset.inASandbox);
} else {
  button.addEventListener("click", start);
}
