// Puts what the server renders into the page. Without it the page refreshes itself.
"use strict";
const figures = document.getElementById("figures");
const connection = document.getElementById("connection");
const STILL_MS = 5000;
let heard = Date.now();
const source = new EventSource("/board/events");
source.onmessage = (event) => {
  heard = Date.now();
  connection.hidden = true;
  const table = figures.querySelector(".wide");
  const left = table ? table.scrollLeft : 0;
  const hadFocus = table !== null && table === document.activeElement;
  figures.innerHTML = JSON.parse(event.data);
  const next = figures.querySelector(".wide");
  if (next) {
    next.scrollLeft = left;
    if (hadFocus) next.focus({ preventScroll: true });
  }
};
setInterval(() => { connection.hidden = Date.now() - heard < STILL_MS; }, 1000);
// A refused connection (too many watch, a replica stops) is not tried again by the browser.
setInterval(() => { if (source.readyState === EventSource.CLOSED) location.reload(); }, 10000);
