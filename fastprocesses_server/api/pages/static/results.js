// The page of a job's results.

import { show } from "./views.js";

for (const section of document.querySelectorAll("[data-output]")) show(section, JSON.parse(section.dataset.output));
