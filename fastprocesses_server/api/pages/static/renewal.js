/** Pages that change while they are seen: the server writes them, and scripts put what is new in its place. */

import { localTimes } from "./times.js";

/** Takes what the server renders now for every part of the page that is marked `data-live`; answers the status. */
export async function renew() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return answer.status;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  localTimes(now);
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = now.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!other) continue;
    for (const { name, value } of other.attributes) part.setAttribute(name, value);
    const hadFocus = part.contains(document.activeElement);
    part.replaceChildren(...other.childNodes);
    if (hadFocus) part.querySelector("a, button")?.focus();
  }
  document.title = now.title;
  return answer.status;
}
