// Controls of which one is chosen: by its media type, or as the first that holds a value.

import { choose, KINDS, read, within } from "./controls.js";
import { fill } from "./filling.js";

KINDS.choice = {
  read: (control) => read(within(control)[control.querySelector("select").selectedIndex]),
  fill(control, value, mediaType) {
    const [select, ...parts] = control.children;
    const options = within(control);
    const named = mediaType ? parts.findIndex((part) => part.dataset.mediaType === mediaType) : -1;
    const found = named < 0 ? options.findIndex((option) => fill(option, value)) : named;
    options.forEach((option, place) => fill(option, place === found ? value : undefined));
    select.selectedIndex = Math.max(found, 0);
    choose(select);
  },
};
