/** The job list is renewed while somebody sees it, reads nothing closer, and a job of it is not finished. */

import { renew } from "./renewal.js";
import { localTimes } from "./times.js";

const PAUSE = 4000;
const list = document.querySelector("[data-live=jobs]");

function isUnfinished() {
  return list.querySelector("[data-status=accepted], [data-status=running]") !== null;
}

function isRead() {
  return list.matches(":focus-within") || list.querySelector("details[open]") || !getSelection().isCollapsed;
}

setInterval(async () => {
  if (document.hidden || isRead()) return;
  if (!isUnfinished()) {
    localTimes(list);
    return;
  }
  try {
    await renew();
  } catch {
    // The server is away; the list stays as it was until it is back.
  }
}, PAUSE);

localTimes(document);
