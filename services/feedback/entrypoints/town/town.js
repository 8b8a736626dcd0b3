"use strict";
// The page is whole without this. It only puts in what is new: the same board, made by the server.
const board = document.getElementById("board");
const live = document.getElementById("live");
const stream = new EventSource("/town/live");
stream.onmessage = (event) => { board.innerHTML = event.data; live.hidden = false; };
stream.onerror = () => { live.hidden = true; };
