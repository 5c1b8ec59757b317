// The pane's entry: puts the parts together once Outlook answers. The parts know each other only
// through what is handed to them here.

import { el } from "../shared/dom.js";
import { Auth } from "./auth.js";
import { connect } from "./outlook.js";
import { Pane } from "./pane.js";
import { Session } from "./session.js";
import { Screen } from "./screen.js";
import { followOutlook } from "./theme.js";
import { Clock } from "./time.js";
import { troubleOf } from "./words.js";

async function start() {
  const screen = new Screen();
  try {
    const outlook = await connect();
    followOutlook(outlook);
    const session = new Session(new Auth(outlook, clientId()));
    const clock = new Clock(outlook.language, (date) => outlook.wallClock(date));
    const pane = new Pane(outlook, session, clock, (state, acts) => screen.show(state, acts, clock));
    outlook.watch(
      () => pane.formChanged(),
      () => pane.returned(),
    );
    await pane.load();
  } catch (error) {
    const again = el("button", { type: "button", class: "primary", click: () => location.reload() }, "Try again");
    screen.showFatal(troubleOf(error), again);
  }
}

function clientId() {
  const meta = document.querySelector('meta[name="calendar-sync-client-id"]');
  return meta?.getAttribute("content") ?? "";
}

void start();
